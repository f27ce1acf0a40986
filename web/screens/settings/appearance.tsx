import { useId } from 'preact/hooks'
import { chooseLanguage, LANGUAGES, type Language, language, t } from '../../app/language.js'
import { chooseTheme, THEMES, theme } from '../../app/theme.js'

const ALL_LANGUAGES = Object.entries(LANGUAGES) as [Language, string][]

export function Appearance() {
  const say = t().account
  return (
    <>
      <Choice
        title={say.theme}
        value={theme.value}
        all={THEMES.map((each) => [each, say[each]] as const)}
        onChoose={chooseTheme}
      />
      <Choice
        title={say.language}
        value={language.value}
        all={ALL_LANGUAGES}
        onChoose={(chosen) => {
          chooseLanguage(chosen).catch(reportError)
        }}
      />
    </>
  )
}

type ChoiceProps<V extends string> = {
  title: string
  value: V
  all: readonly (readonly [V, string])[]
  onChoose: (value: V) => void
}

function Choice<V extends string>({ title, value, all, onChoose }: ChoiceProps<V>) {
  const name = useId()
  return (
    <fieldset class="group-of">
      <legend>{title}</legend>
      {all.map(([each, words]) => (
        <label key={each} class="radio">
          <input type="radio" name={name} checked={each === value} onChange={() => onChoose(each)} />
          <span>{words}</span>
        </label>
      ))}
    </fieldset>
  )
}
