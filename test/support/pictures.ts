// Pictures that tests send, made on the spot.
import sharp, { type Sharp } from 'sharp'

/** A picture of noise, as hard to compress as a photograph at most. */
function noise(width: number, height: number): Sharp {
  return sharp({
    create: {
      width,
      height,
      channels: 3,
      background: '#3a6ea5',
      noise: { type: 'gaussian', mean: 128, sigma: 30 },
    },
  })
}

export const jpeg = (width = 800, height = 600): Promise<Buffer> => noise(width, height).jpeg().toBuffer()

/** As a phone makes them: on its side, and saying where it was taken. */
export function phonePhoto(width = 800, height = 600): Promise<Buffer> {
  return noise(width, height)
    .jpeg()
    .withExif({
      IFD0: { Make: 'Earshot Phone', Orientation: '6' },
      IFD3: {
        GPSLatitudeRef: 'N',
        GPSLatitude: '52/1 31/1 12/1',
        GPSLongitudeRef: 'E',
        GPSLongitude: '13/1 24/1 18/1',
      },
    })
    .withMetadata({ orientation: 6 })
    .toBuffer()
}

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
