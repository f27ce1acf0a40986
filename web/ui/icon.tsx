// All pictures of the page, drawn in 24 by 24 with one stroke. `flip`: they point along the line, so they turn with it.
const ICONS = {
  add: { path: 'M12 5v14M5 12h14' },
  archive: { path: 'M4 4.5h16v4H4zM5.5 8.5V19h13V8.5M10 12.5h4' },
  attach: {
    path: 'M19.5 11.5l-7.8 7.8a4.6 4.6 0 0 1-6.5-6.5l8.2-8.2a3 3 0 0 1 4.3 4.3l-8.2 8.1a1.5 1.5 0 0 1-2.1-2.1l7.2-7.2',
  },
  back: { path: 'M15 5l-7 7 7 7', flip: true },
  ban: { path: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM5.7 5.7l12.6 12.6' },
  bell: { path: 'M6 10a6 6 0 1 1 12 0c0 3.5.6 5.5 2 7H4c1.4-1.5 2-3.5 2-7zM10 20.5h4' },
  bellOff: { path: 'M4 4l16 16M9.5 4.6A6 6 0 0 1 18 10c0 2 .4 3.6 1 4.8M6.2 8.2C6 11 6 13.5 4 17h13M10 20.5h4' },
  chat: { path: 'M20 11.5a7.5 7.5 0 0 1-11 6.6L4.5 19.5l1.4-4.2A7.5 7.5 0 1 1 20 11.5z' },
  check: { path: 'M5 12.5l4.5 4.5L19 7.5' },
  checks: { path: 'M1 12.5l4.5 4.5 8.5-9M10.5 16l1 1L22.5 7.5' },
  clock: { path: 'M12 7.5V12l3 2M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z' },
  close: { path: 'M6 6l12 12M18 6L6 18' },
  cloudOff: { path: 'M4 4l16 16M8.5 7.5A6 6 0 0 1 17.5 11 4 4 0 0 1 20 17.5M16 18.5H7A4.5 4.5 0 0 1 6.2 9.6' },
  copy: { path: 'M9 9h10.5v10.5H9zM5.5 15H4.5V4.5H15v1' },
  device: { path: 'M4 5.5h16v10H4zM2.5 19h19' },
  download: { path: 'M12 4v11M7 10.5l5 5 5-5M4.5 19.5h15' },
  down: { path: 'M12 5v14M6 13l6 6 6-6' },
  edit: { path: 'M4.5 19.5l1-4.5L16 4.5l3.5 3.5L9 18.5zM13.5 7l3.5 3.5' },
  eye: {
    path: 'M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6z',
  },
  eyeOff: {
    path: 'M4 4l16 16M9.9 5.7A9 9 0 0 1 12 5.5c6 0 9.5 6.5 9.5 6.5a17 17 0 0 1-2.8 3.5M6.3 7.3A16 16 0 0 0 2.5 12S6 18.5 12 18.5a9 9 0 0 0 4-.9M10 10a3 3 0 0 0 4 4',
  },
  file: { path: 'M13.5 3H7a2 2 0 0 0-2 2v14a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2V8.5zM13.5 3v5.5H19' },
  forward: { path: 'M9 5l7 7-7 7', flip: true },
  group: {
    path: 'M9 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 19.5a6.5 6.5 0 0 1 13 0M16 4.8a3.5 3.5 0 0 1 0 6.4M18 14a6.5 6.5 0 0 1 3.5 5.5',
  },
  info: { path: 'M12 11v5.5M12 7.6v.1M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z' },
  more: { path: 'M5.5 12h.01M12 12h.01M18.5 12h.01' },
  person: { path: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20.5a7.5 7.5 0 0 1 15 0' },
  pin: { path: 'M12 15v6M8.5 3.5h7l-1 6 3 3v2.5h-11V12.5l3-3z' },
  reply: { path: 'M9.5 6L4 11.5 9.5 17M4 11.5h9.5a6.5 6.5 0 0 1 6.5 6.5v.5', flip: true },
  mic: { path: 'M12 14.5a3 3 0 0 0 3-3v-5a3 3 0 0 0-6 0v5a3 3 0 0 0 3 3zM5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3' },
  minus: { path: 'M5 12h14' },
  pause: { path: 'M8.5 5.5v13M15.5 5.5v13' },
  picture: {
    path: 'M5 4.5h14a1.5 1.5 0 0 1 1.5 1.5v12a1.5 1.5 0 0 1-1.5 1.5H5A1.5 1.5 0 0 1 3.5 18V6A1.5 1.5 0 0 1 5 4.5zM4 17l4.5-5 4 4.5 3-3 4.5 4.5M15.5 9.5v.1',
  },
  play: { path: 'M7.5 5v14l11.5-7z' },
  retry: { path: 'M19.5 12a7.5 7.5 0 1 1-2.2-5.3L19.5 9M19.5 4v5h-5' },
  search: { path: 'M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.5 15.5L20.5 20.5' },
  send: { path: 'M4 12l16-7.5-5.5 15.5-3-6.5zM11.5 13.5L20 4.5', flip: true },
  settings: {
    path: 'M4 7h9M17 7h3M15 9a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM4 17h3M11 17h9M9 19a2 2 0 1 0 0-4 2 2 0 0 0 0 4z',
  },
  signOut: { path: 'M14 4.5H6.5a2 2 0 0 0-2 2v11a2 2 0 0 0 2 2H14M10 12h10.5M17 8l4 4-4 4', flip: true },
  sun: {
    path: 'M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M18.7 5.3l-1.4 1.4M6.7 17.3l-1.4 1.4',
  },
  trash: { path: 'M4.5 6.5h15M9.5 6.5V4h5v2.5M6.5 6.5l1 13.5h9l1-13.5M10 10.5v6M14 10.5v6' },
  sound: {
    path: 'M9 17.5V6l10.5-2v11.5M9 17.5a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0zM19.5 15.5a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0z',
  },
  warning: {
    path: 'M12 9v4.5M12 16.8v.1M10.3 4.5L2.8 17.5a2 2 0 0 0 1.7 3h15a2 2 0 0 0 1.7-3L13.7 4.5a2 2 0 0 0-3.4 0z',
  },
} as const satisfies Record<string, { path: string; flip?: true }>

export type IconName = keyof typeof ICONS

/** It says nothing by itself: whoever uses it has words beside it. */
export function Icon({ name, size = 20 }: { name: IconName; size?: 14 | 16 | 20 | 24 | 40 }) {
  const icon: { path: string; flip?: true } = ICONS[name]
  return (
    <svg class={icon.flip ? 'icon flip' : 'icon'} viewBox="0 0 24 24" width={size} height={size} aria-hidden="true">
      <path d={icon.path} />
    </svg>
  )
}
