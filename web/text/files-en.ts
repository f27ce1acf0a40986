// What there is to say about files, pictures and voices.
import { pluralOf } from './plural.js'

const many = pluralOf('en')
const numberOf = (count: number) => many(count, { other: '{n}' })

export const files = {
  files: {
    attach: 'Attach files',
    tray: 'Files of this message',
    drop: 'Drop the files here to send them',
    remove: (name: string) => `Remove ${name}`,
    cancel: (name: string) => `Cancel ${name}`,
    retry: (name: string) => `Try ${name} again`,
    progress: (name: string) => `How far ${name} is`,
    waiting: 'waits',
    taking: 'is being checked',
    ready: (here: number, all: number) =>
      many(all, {
        one: here === all ? '{n} file is ready.' : '{n} file is on its way.',
        other: `${numberOf(here)} of {n} files are ready.`,
      }),
    refused: (count: number) => many(count, { one: '{n} was not taken.', other: '{n} were not taken.' }),
    held: 'This is sent as soon as its files are there.',
    surplus: (count: number) =>
      many(count, {
        one: 'A message has 10 files at most: {n} was left out.',
        other: 'A message has 10 files at most: {n} were left out.',
      }),
    empty: 'There is nothing in this file.',
    noneHere: 'No files are sent in this conversation.',
    onlyKinds: (kinds: string) => `Only these are sent in this conversation: ${kinds}.`,
    tooLarge: (size: string) => `Files in this conversation have ${size} at most.`,
    gallery: (count: number) => many(count, { one: '{n} picture', other: '{n} pictures' }),
    preparing: 'Is being prepared',
    noPreview: 'no preview',
    removed: 'This file was removed.',
    elsewhere: 'Another service keeps this file.',
    download: 'Download',
    open: (name: string, at: number, all: number) =>
      all > 1 ? `Show ${name} large, ${numberOf(at)} of ${numberOf(all)}` : `Show ${name} large`,
    film: (name: string) => `Video ${name}`,
    play: 'Play',
    pause: 'Pause',
    position: 'Position',
    positionOf: (at: string, length: string) => `${at} of ${length}`,
    /** By the code of the API. */
    errors: {
      'attachment.too_large': 'This file is larger than the server takes.',
      'attachment.quota_exceeded': 'There is no room for more of your files. Remove some that you do not need.',
      'attachment.type_not_allowed': 'Files of this kind are not taken.',
      'attachment.not_allowed_here': 'This conversation does not take files of this kind or size.',
      'attachment.unreadable': 'This file is damaged, or not what its name says.',
      'attachment.too_many_pixels': 'This picture has too many pixels.',
      'attachment.metadata_stays': 'Such a picture would tell where it was taken. Send it as JPEG or PNG.',
      'attachment.not_found': 'One of the files is not there any more. Attach it again.',
      'attachment.in_use': 'One of the files belongs to another message already. Attach it again.',
      'upload.too_many': 'Too many files are on their way. Wait for some of them.',
      'upload.expired': 'This has taken too long. Try again.',
      'upload.stalled': 'Nothing has arrived for a while. Try again.',
      'voice.denied': 'The browser does not let this page use the microphone. Allow it in the settings of the page.',
      'voice.missing': 'There is no microphone that this page can use.',
      'voice.failed': 'The microphone cannot be used just now. Perhaps another program has it.',
    } as Record<string, string>,
  },
  viewer: {
    stage: 'Picture: plus and minus change its size, arrows move it',
    picture: (name: string) => `Picture ${name}`,
    of: (at: number, all: number) => `${numberOf(at)} of ${numberOf(all)}`,
    smaller: 'Smaller',
    larger: 'Larger',
    before: 'Picture before',
    after: 'Next picture',
  },
  voice: {
    record: 'Record a voice message',
    asking: 'Waits for the microphone',
    recording: 'Records a voice message',
    length: 'Length',
    cancel: 'Discard the recording',
    send: 'Send the voice message',
  },
}

export type FileTexts = typeof files
