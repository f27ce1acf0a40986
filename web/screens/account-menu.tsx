import { useState } from 'preact/hooks'
import { leave, me, outbox } from '../app/client.js'
import { chooseLanguage, LANGUAGES, type Language, language, t } from '../app/language.js'
import { go } from '../app/router.js'
import { chooseTheme, THEMES, theme } from '../app/theme.js'
import { nameOf } from '../app/titles.js'
import { Avatar } from '../ui/avatar.js'
import { Button } from '../ui/button.js'
import { Dialog } from '../ui/dialog.js'
import { Menu, MenuChoice, MenuItem } from '../ui/menu.js'

const ALL_LANGUAGES = Object.entries(LANGUAGES) as [Language, string][]

export function AccountMenu() {
  const say = t().account
  const [isAsking, setAsking] = useState(false)
  const mine = me.value
  const out = () => {
    leave().catch(reportError)
  }
  return (
    <>
      <Menu
        label={say.menu}
        trigger={<Avatar id={mine?.id ?? ''} name={mine ? nameOf(mine) : ''} url={mine?.avatar_url} size="small" />}
      >
        {mine && (
          <p class="menu-head">
            <bdi>{nameOf(mine)}</bdi>
            <small>@{mine.username}</small>
          </p>
        )}
        <MenuChoice
          title={say.theme}
          value={theme.value}
          all={THEMES.map((each) => [each, say[each]] as const)}
          onChoose={chooseTheme}
        />
        <MenuChoice title={say.language} value={language.value} all={ALL_LANGUAGES} onChoose={chooseLanguage} />
        <MenuItem icon="settings" onClick={() => go('/settings')}>
          {t().settings.title}
        </MenuItem>
        <MenuItem icon="signOut" onClick={() => (outbox.value.length > 0 ? setAsking(true) : out())}>
          {say.signOut}
        </MenuItem>
      </Menu>
      {isAsking && (
        <Dialog title={say.unsentTitle} onClose={() => setAsking(false)}>
          <p>{say.unsent(outbox.value.length)}</p>
          <p class="dialog-foot">
            <Button onClick={() => setAsking(false)}>{t().app.cancel}</Button>
            <Button kind="danger" onClick={out}>
              {say.signOut}
            </Button>
          </p>
        </Dialog>
      )}
    </>
  )
}
