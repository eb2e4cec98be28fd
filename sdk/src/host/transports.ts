/** Ways of a Node client to reach a peer; browsers get `transports.browser.ts` by the package's `browser` field. */
import { tcp } from '@libp2p/tcp'
import { webSockets } from '@libp2p/websockets'

/** TCP first: it is the cheapest, and every provider listens on it. */
export const transports: [ReturnType<typeof tcp>, ReturnType<typeof webSockets>] = [
  tcp(),
  webSockets(),
]
