import { t } from '../../app/language.js'
import { allow, chooseDesktop, chooseSound, desktop, permission, sound } from '../../app/notifications.js'
import { playTone } from '../../app/tone.js'
import { Button } from '../../ui/button.js'
import { Switch } from '../../ui/switch.js'

/** On this device. What a single conversation may do stands in its details. */
export function Notifications() {
  const say = t().notifications
  const allowed = permission.value
  const isOn = desktop.value && allowed === 'granted'
  return (
    <>
      <p>{say.lead}</p>
      <div class="group-of">
        <Switch label={say.sound} hint={say.soundHint} isOn={sound.value} onChange={chooseSound} />
        <p class="details-row">
          <Button icon="bell" onClick={playTone}>
            {say.listen}
          </Button>
        </p>
      </div>
      <div class="group-of">
        <Switch
          label={say.desktop}
          hint={allowed === 'denied' ? say.denied : allowed === 'unsupported' ? say.unsupported : say.desktopHint}
          isOn={isOn}
          isDisabled={allowed === 'denied' || allowed === 'unsupported'}
          onChange={(wanted) => {
            if (!wanted || allowed === 'granted') chooseDesktop(wanted)
            else allow().catch(reportError)
          }}
        />
      </div>
    </>
  )
}
