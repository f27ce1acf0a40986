export async function cleanImage(
  _from: string,
  _to: string,
  _type: { mime_type: string },
): Promise<{ width: number; height: number; is_animated: boolean }> {
  throw new Error('soon')
}
export async function inspectImage(
  _from: string,
  _type: { mime_type: string },
): Promise<{ width: number; height: number; is_animated: boolean }> {
  throw new Error('soon')
}
