/** Every option by its path, and how its text is read from the environment or the command line. */

/** A count is a number or a word in its place, such as auto. */
export type OptionKind = 'text' | 'number' | 'count' | 'switch' | 'list' | 'json'

/** Paths of the leaves of the schema; the test holds the two together. */
export const OPTIONS: Readonly<Record<string, OptionKind>> = {
  'network.chainId': 'number',
  'network.rpc': 'text',
  'network.registry': 'text',
  'network.market': 'text',
  'network.token': 'text',
  'network.local': 'switch',
  seeds: 'list',
  'listen.host': 'text',
  'listen.tcp': 'number',
  'listen.ws': 'number',
  dataDir: 'text',
  modelStore: 'text',
  'models.share': 'switch',
  'engine.device': 'text',
  'engine.threads': 'count',
  'keys.keystore': 'text',
  'keys.passwordFile': 'text',
  'keys.privateKey': 'text',
  'provider.owner': 'text',
  'provider.priceIn': 'text',
  'provider.priceOut': 'text',
  'provider.slots': 'number',
  'provider.modelsDir': 'text',
  'provider.models': 'list',
  'provider.backends': 'json',
  'gateway.host': 'text',
  'gateway.port': 'number',
  'gateway.keystore': 'text',
  'gateway.passwordFile': 'text',
  'gateway.privateKey': 'text',
  'redeem.afterMs': 'number',
  'redeem.minVouchers': 'number',
  'redeem.relay': 'text',
  'redeem.relayFeeBps': 'number',
  'relay.enabled': 'switch',
  'relay.feeBps': 'number',
  'relay.gatherMs': 'number',
  'evidence.submit': 'switch',
  'log.level': 'text',
  'log.json': 'switch',
}

/** Shorter names that other tools use too. */
const ALIASES: Readonly<Record<string, string>> = { DUCKMESH_PRIVATE_KEY: 'keys.privateKey' }

/** `listen.tcp` is DUCKMESH_LISTEN_TCP, `network.chainId` DUCKMESH_NETWORK_CHAIN_ID. */
export function variableOf(path: string): string {
  return `DUCKMESH_${path.replace(/[A-Z]/g, '_$&').replaceAll('.', '_').toUpperCase()}`
}

/** The option that an environment variable sets, undefined when there is none. */
export function optionOfVariable(name: string): string | undefined {
  return ALIASES[name] ?? Object.keys(OPTIONS).find((path) => variableOf(path) === name)
}

/** The value in a text; text that does not fit the kind stays as it is, so that the schema names the mistake. */
export function parseOption(kind: OptionKind, text: string): unknown {
  if (kind === 'number' || kind === 'count') return /^-?[0-9]+$/.test(text) ? Number(text) : text
  if (kind === 'switch')
    return ({ true: true, 1: true, false: false, 0: false } as const)[text] ?? text
  if (kind === 'json') return parseJson(text)
  if (kind === 'list')
    return text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '')
  return text
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
