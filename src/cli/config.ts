import { type Config, describeConfig } from '../config.js'

export function printConfig(config: Config): void {
  console.log(describeConfig(config))
}
