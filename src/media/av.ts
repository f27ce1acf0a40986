export type Programs = { ffmpeg?: string; ffprobe?: string }
export async function findPrograms(_p: { ffmpeg: string; ffprobe: string }): Promise<Programs> {
  return {}
}
