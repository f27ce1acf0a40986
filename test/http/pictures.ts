import sharp from 'sharp'

/** Left half red, right half blue, with words and a place that nobody is to see. */
export function photo(width = 800, height = 600): Promise<Buffer> {
  const blue = { create: { width: width / 2, height, channels: 3 as const, background: '#00f' } }
  return sharp({ create: { width, height, channels: 3, background: '#f00' } })
    .composite([{ input: blue, left: width / 2, top: 0 }])
    .withExif({ IFD0: { Copyright: 'SECRETPLACE' }, IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '51/1 30/1 0/1' } })
    .jpeg()
    .toBuffer()
}

export const file = (bytes: Uint8Array | string, name = 'photo.jpg') => new File([bytes as string], name)
