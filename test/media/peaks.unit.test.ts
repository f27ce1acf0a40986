import { expect, test } from 'vitest'
import { PEAKS, PeakMeter } from '../../src/media/peaks.js'

/** Samples as a decoder gives them, in pieces that end anywhere. */
function peaksOf(samples: ArrayLike<number>, piece: number): { peaks: number[]; samples: number } {
  const bytes = Buffer.alloc(samples.length * 2)
  for (let index = 0; index < samples.length; index++) bytes.writeInt16LE(samples[index] ?? 0, index * 2)
  const meter = new PeakMeter()
  for (let at = 0; at < bytes.length; at += piece) meter.add(bytes.subarray(at, at + piece))
  return { peaks: meter.peaks(), samples: meter.samples }
}

test('half silence and half a tone are half nothing and half full', () => {
  const samples = Array.from({ length: 100_000 }, (_, index) => (index < 50_000 ? 0 : index % 2 ? -20_000 : 20_000))
  for (const piece of [3, 4_096, 1_000_000]) {
    const { peaks, samples: count } = peaksOf(samples, piece)
    expect(peaks).toEqual([...Array(PEAKS / 2).fill(0), ...Array(PEAKS / 2).fill(100)])
    expect(count).toBe(100_000)
  }
})

test('a ramp rises, however long it is', () => {
  for (const length of [64, 1_000, 4_096, 4_097, 300_000]) {
    const { peaks } = peaksOf(
      Array.from({ length }, (_, index) => Math.round((index / length) * 32_767)),
      4_096,
    )
    expect(peaks).toHaveLength(PEAKS)
    expect(peaks).toEqual([...peaks].sort((a, b) => a - b))
    expect(peaks.at(-1)).toBe(100)
  }
})

test('noise of silence stays low, the loudest negative sample is full, and nothing is nothing', () => {
  expect(Math.max(...peaksOf(Array(10_000).fill(30), 1_000).peaks)).toBeLessThan(5)
  expect(peaksOf([-32_768], 2).peaks).toEqual(Array(PEAKS).fill(100))
  expect(peaksOf([], 2).peaks).toEqual([])
})
