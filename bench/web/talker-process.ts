// The process of a talker.
import { serve } from '../lib/remote.js'
import { Talker } from './talker.js'

serve(new Talker())
