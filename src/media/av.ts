export type Programs = { ffmpeg?: string; ffprobe?: string }
export async function findPrograms(_p: { ffmpeg: string; ffprobe: string }): Promise<Programs> {
  return {}
}
export async function probe(
  _f: string,
  _p: string,
  _m: string,
): Promise<{ duration_ms: number | null; width: number | null; height: number | null; has_video: boolean }> {
  throw new Error('soon')
}
export async function posterFrame(_f: string, _p: string, _to: string, _m: string, _d: number | null): Promise<void> {}
export async function waveform(_f: string, _p: string, _m: string): Promise<number[]> {
  return []
}
