// The files of a message: what is to be seen first, then what is to be heard, then the rest.
import type { Attachment, Message, Unsent } from '../../src/sdk/client.js'
import { ownFile } from '../app/own-files.js'
import { FileCard } from './file-card.js'
import { Gallery } from './gallery.js'
import { Player } from './player.js'

export function Files({ message }: { message: Message | Unsent }) {
  const files = filesOf(message)
  if (files.length === 0) return null
  const seen = files.filter(isSeen)
  const heard = files.filter(isHeard)
  const others = files.filter((one) => !isSeen(one) && !isHeard(one))
  return (
    <div class="files">
      {seen.length > 0 && <Gallery files={seen} />}
      {heard.map((one) => (
        <Player key={one.id} file={one} />
      ))}
      {others.map((one) => (
        <FileCard key={one.id} file={one} />
      ))}
    </div>
  )
}

function filesOf(message: Message | Unsent): readonly Attachment[] {
  if ('attachments' in message) return message.attachments
  return (message.attachment_ids ?? []).flatMap((id) => ownFile(id) ?? [])
}

const isHere = ({ url }: Attachment): boolean => url !== null
/** Of a picture that no preview could be made of, no browser shows more than that it is one. */
const isSeen = (one: Attachment): boolean =>
  isHere(one) && (one.kind === 'video' || (one.kind === 'image' && one.state !== 'failed'))
const isHeard = (one: Attachment): boolean => isHere(one) && (one.kind === 'audio' || one.kind === 'voice')
