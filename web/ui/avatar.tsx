import { Icon } from './icon.js'

const COLOURS = 8

type Props = {
  id: string
  name: string
  url?: string | undefined
  size?: 'small' | 'medium' | 'large'
  isGroup?: boolean
}

/** The picture that was chosen, or the beginning of the name on a colour of the id. The name stands beside it. */
export function Avatar({ id, name, url, size = 'medium', isGroup }: Props) {
  // What the server draws where nothing was chosen says less than initials, and would be one more request.
  const picture = url?.includes('/avatars/default/') ? undefined : url
  return (
    <span class={`avatar ${size}${isGroup ? ' group' : ''}`} data-colour={colourOf(id)} aria-hidden="true">
      {picture ? <img src={picture} alt="" loading="lazy" /> : initials(name) || <Icon name="group" />}
    </span>
  )
}

function initials(name: string): string {
  const words = name
    .trim()
    .split(/\s+/)
    .filter((word) => /^[\p{L}\p{N}]/u.test(word))
  const chosen = words.length > 1 ? [words[0], words.at(-1)] : words
  return chosen.map((word) => [...(word ?? '')][0]?.toLocaleUpperCase() ?? '').join('\u200c')
}

function colourOf(id: string): number {
  let sum = 0
  for (const character of id) sum = (sum * 31 + character.charCodeAt(0)) >>> 0
  return sum % COLOURS
}
