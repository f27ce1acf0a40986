import { render } from 'preact'
import { client, start } from './app/client.js'
import './app/departures.js'
import { installWorker } from './app/install.js'
import { speak, wantedLanguage } from './app/language.js'
import './app/notifications.js'
import { claimTab } from './app/tabs.js'
import { App } from './screens/app.js'
import { Toasts } from './ui/toast.js'

const [app, notes] = ['app', 'notes'].map((id) => document.getElementById(id))
if (!app || !notes) throw new Error('index.html lacks its places')

await speak(wantedLanguage())
claimTab(start, () => client.stop())
render(<App />, app)
render(<Toasts />, notes)
installWorker()
