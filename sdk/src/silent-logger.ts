/** A logger that drops everything: the default of a library. */
import type { Logger } from '@duckmesh/protocols'

const drop = (): void => undefined

export const silentLogger: Logger = { debug: drop, info: drop, warn: drop }
