/** Put in by the build. */
declare const IS_DEV: boolean
