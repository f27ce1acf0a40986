// The process of a crew.
import { serve } from './remote.js'
import { Returners } from './returners.js'

serve(new Returners())
