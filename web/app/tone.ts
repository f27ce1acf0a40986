// A short soft tone, made here: a file would be one more thing to load at the wrong moment.
const NOTES_HZ = [587.33, 880]
const NOTE_S = 0.09
const FADE_S = 0.28
const LOUDNESS = 0.12

let context: AudioContext | undefined

/** Nothing, in a browser that lets no page make a sound before somebody has touched it. */
export function playTone(): void {
  try {
    context ??= new AudioContext()
  } catch {
    return
  }
  const audio = context
  audio
    .resume()
    .then(() => ring(audio))
    .catch(() => undefined)
}

function ring(audio: AudioContext): void {
  NOTES_HZ.forEach((frequency, index) => {
    const start = audio.currentTime + index * NOTE_S
    const [note, volume] = [audio.createOscillator(), audio.createGain()]
    note.type = 'sine'
    note.frequency.value = frequency
    volume.gain.setValueAtTime(0, start)
    volume.gain.linearRampToValueAtTime(LOUDNESS, start + 0.015)
    volume.gain.exponentialRampToValueAtTime(0.0001, start + FADE_S)
    note.connect(volume).connect(audio.destination)
    note.start(start)
    note.stop(start + FADE_S)
  })
}
