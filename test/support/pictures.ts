// Pictures that tests send, made on the spot.
import sharp, { type Sharp } from 'sharp'

/** A picture of noise, as hard to compress as a photograph at most. */
export function photo(width: number, height: number): Sharp {
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

export const jpeg = (width = 800, height = 600): Promise<Buffer> => photo(width, height).jpeg().toBuffer()

/** As a phone makes them: on its side, and saying where it was taken. */
export function phonePhoto(width = 800, height = 600): Promise<Buffer> {
  return photo(width, height)
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
