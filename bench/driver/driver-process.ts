// The process of the driver.
import { serve } from '../lib/remote.js'
import { Driver } from './driver.js'

serve(new Driver())
