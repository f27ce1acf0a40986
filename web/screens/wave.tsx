const [BAR, GAP, HEIGHT, LEAST] = [2, 1, 28, 2]

/** How loud it is over its time, in hundredths; `part` of it has been heard. It turns with the line. */
export function Wave({ values, part }: { values: readonly number[]; part: number }) {
  const width = values.length * (BAR + GAP) - GAP
  return (
    <svg class="wave flip" viewBox={`0 0 ${width} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      {values.map((value, index) => {
        const height = Math.max(LEAST, (value / 100) * HEIGHT)
        return (
          <rect
            key={index}
            class={(index + 0.5) / values.length <= part ? 'heard' : undefined}
            x={index * (BAR + GAP)}
            y={(HEIGHT - height) / 2}
            width={BAR}
            height={height}
            rx={1}
          />
        )
      })}
    </svg>
  )
}
