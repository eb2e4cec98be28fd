/** Ways of a browser to reach a peer. */
import { webSockets } from '@libp2p/websockets'

/** A page cannot open TCP connections. */
export const transports: [ReturnType<typeof webSockets>] = [webSockets()]
