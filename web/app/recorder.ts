// The microphone: how loud it is while somebody speaks, and the file at the end. The server finds out what kind it is.
import { EarshotError } from '../../src/sdk/client.js'

/** What browsers record, the smallest first. */
const TYPES = ['audio/webm;codecs=opus', 'audio/ogg;codecs=opus', 'audio/mp4']
const EXTENSIONS: Record<string, string> = { 'audio/webm': 'webm', 'audio/ogg': 'ogg', 'audio/mp4': 'm4a' }
const LEVEL_MS = 80

export type Recording = {
  /** Ends it: nothing of it is left. */
  cancel(): void
  /** Ends it, and makes a file of it. */
  finish(): Promise<File>
}

export const canRecord = (): boolean => 'MediaRecorder' in globalThis && navigator.mediaDevices !== undefined

/**
 * `onLevel`: how loud it is, from 0 to 1, some times a second.
 * @throws EarshotError voice.denied, voice.missing, voice.failed
 */
export async function record(onLevel: (level: number) => void): Promise<Recording> {
  const stream = await open()
  try {
    return begin(stream, onLevel)
  } catch {
    // Or its light would stay on.
    for (const track of stream.getTracks()) track.stop()
    throw failure('voice.failed')
  }
}

function begin(stream: MediaStream, onLevel: (level: number) => void): Recording {
  const type = TYPES.find((one) => MediaRecorder.isTypeSupported(one))
  const recorder = new MediaRecorder(stream, type === undefined ? {} : { mimeType: type })
  const parts: Blob[] = []
  recorder.ondataavailable = ({ data }) => parts.push(data)
  const stopped = new Promise<void>((resolve) => {
    recorder.onstop = () => resolve()
  })
  const stopListening = listen(stream, onLevel)
  recorder.start()

  const end = () => {
    stopListening()
    if (recorder.state !== 'inactive') recorder.stop()
    for (const track of stream.getTracks()) track.stop()
  }
  return {
    cancel: end,
    async finish() {
      end()
      await stopped
      const [plain = ''] = recorder.mimeType.split(';', 1)
      return new File(parts, `voice.${EXTENSIONS[plain] ?? 'webm'}`, { type: plain })
    },
  }
}

async function open(): Promise<MediaStream> {
  if (!canRecord()) throw failure('voice.missing')
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: true })
  } catch (error) {
    const name = error instanceof DOMException ? error.name : ''
    if (name === 'NotAllowedError' || name === 'SecurityError') throw failure('voice.denied')
    throw failure(name === 'NotFoundError' ? 'voice.missing' : 'voice.failed')
  }
}

function listen(stream: MediaStream, onLevel: (level: number) => void): () => void {
  const audio = new AudioContext()
  const analyser = audio.createAnalyser()
  analyser.fftSize = 512
  audio.createMediaStreamSource(stream).connect(analyser)
  const samples = new Float32Array(analyser.fftSize)
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples)
    const power = samples.reduce((sum, one) => sum + one * one, 0) / samples.length
    // Speech stays far below the loudest that there is.
    onLevel(Math.min(1, Math.sqrt(power) * 4))
  }, LEVEL_MS)
  return () => {
    clearInterval(timer)
    audio.close().catch(() => undefined)
  }
}

const failure = (code: string) => new EarshotError({ status: 0, code, detail: '' })
