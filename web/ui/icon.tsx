// All pictures of the page, drawn in 24 by 24 with one stroke. `flip`: they point along the line, so they turn with it.
const ICONS = {
  add: { path: 'M12 5v14M5 12h14' },
  back: { path: 'M15 5l-7 7 7 7', flip: true },
  bellOff: { path: 'M4 4l16 16M9.5 4.6A6 6 0 0 1 18 10c0 2 .4 3.6 1 4.8M6.2 8.2C6 11 6 13.5 4 17h13M10 20.5h4' },
  chat: { path: 'M20 11.5a7.5 7.5 0 0 1-11 6.6L4.5 19.5l1.4-4.2A7.5 7.5 0 1 1 20 11.5z' },
  check: { path: 'M5 12.5l4.5 4.5L19 7.5' },
  clock: { path: 'M12 7.5V12l3 2M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z' },
  close: { path: 'M6 6l12 12M18 6L6 18' },
  cloudOff: { path: 'M4 4l16 16M8.5 7.5A6 6 0 0 1 17.5 11 4 4 0 0 1 20 17.5M16 18.5H7A4.5 4.5 0 0 1 6.2 9.6' },
  down: { path: 'M12 5v14M6 13l6 6 6-6' },
  eye: {
    path: 'M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6z',
  },
  eyeOff: {
    path: 'M4 4l16 16M9.9 5.7A9 9 0 0 1 12 5.5c6 0 9.5 6.5 9.5 6.5a17 17 0 0 1-2.8 3.5M6.3 7.3A16 16 0 0 0 2.5 12S6 18.5 12 18.5a9 9 0 0 0 4-.9M10 10a3 3 0 0 0 4 4',
  },
  file: { path: 'M13.5 3H7a2 2 0 0 0-2 2v14a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2V8.5zM13.5 3v5.5H19' },
  group: {
    path: 'M9 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 19.5a6.5 6.5 0 0 1 13 0M16 4.8a3.5 3.5 0 0 1 0 6.4M18 14a6.5 6.5 0 0 1 3.5 5.5',
  },
  pin: { path: 'M12 15v6M8.5 3.5h7l-1 6 3 3v2.5h-11V12.5l3-3z' },
  search: { path: 'M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.5 15.5L20.5 20.5' },
  send: { path: 'M4 12l16-7.5-5.5 15.5-3-6.5zM11.5 13.5L20 4.5', flip: true },
  signOut: { path: 'M14 4.5H6.5a2 2 0 0 0-2 2v11a2 2 0 0 0 2 2H14M10 12h10.5M17 8l4 4-4 4', flip: true },
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
