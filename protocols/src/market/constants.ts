/** Defaults of the market layer, each with its unit and the reason for the number (docs/spec/market.md). */

/** How long a provider honours an offer after its end, ms: an award may have been on its way (K-4). */
export const OFFER_GRACE_MS = 10_000

/** Offers are published again this often, ms, and at most once a second on a change (K-3). */
export const OFFER_INTERVAL_MS = 10_000
export const OFFER_MIN_INTERVAL_MS = 1_000

/** Offers kept of one model: more candidates than anybody probes (K-6). */
export const MAX_OFFERS_PER_MODEL = 256

/** Offers kept in all, about 1 KiB each (K-6). */
export const MAX_OFFERS = 4_096

/** Candidates asked for their load before a direct choice: cheapest first (K-11). */
export const MAX_PROBES = 5

/** Deadline of one caps request, ms: four round trips of a bad link; a slower provider is no candidate. */
export const CAPS_TIMEOUT_MS = 2_000

/** Caps requests a peer may send per second in the long run, and at once (K-22). */
export const CAPS_RATE_PER_S = 5
export const CAPS_BURST = 20

/** Caps sessions a client keeps open; the least recently used one is closed (K-23). */
export const MAX_CAPS_SESSIONS = 64

/** Auction window, ms: public networks wait at least 150 (SCHEMAS "Auction"); this is its end (K-53). */
export const BID_WINDOW_MAX_MS = 250

/** Providers that a seat invites at most (K-53); a local network asks 8. */
export const MAX_INVITED = 30

/** Auctions that a seat holds open in all and of one payer: about 100 KiB each when full of bids (K-58). */
export const MAX_OPEN_AUCTIONS = 1_024
export const MAX_OPEN_PER_PAYER = 64

/** A seat answers repeated headers from memory for as long as an envelope can live, ms, and a little. */
export const AUCTION_KEPT_MS = 15_000

/** Auctions remembered by seat or bidder. */
export const MAX_KEPT_AUCTIONS = 4_096

/** Market streams of one node, the frames a peer and a client may send per second, and at once (K-72). */
export const MAX_MARKET_LINKS = 1_024
export const PEER_FRAMES_PER_S = 500
export const PEER_FRAMES_BURST = 1_000
export const CLIENT_FRAMES_PER_S = 50
export const CLIENT_FRAMES_BURST = 100

/** Frames of one stream that may be worked on at the same time. */
export const MAX_FRAMES_IN_WORK = 32

/** A ping this often keeps a stream open, ms: below the 120 s after which an idle one is reset. */
export const MARKET_PING_MS = 45_000

/** How long one frame may wait for a remote that does not read, ms. */
export const MARKET_SEND_TIMEOUT_MS = 10_000

/** How long a seat's HeaderAck is waited for before the next seat is asked, ms, besides the round trip (K-70). */
export const ACK_TIMEOUT_MS = 150

/** Round trip assumed for a seat that was not asked lately, ms. */
export const UNKNOWN_RTT_MS = 100

/**
 * Bounds of what measured round trips may add to that wait, ms: a collector's pause is no reason to ask another seat,
 * and a slow seat must leave time for others before `SEATS_TIMEOUT_MS`.
 */
export const MIN_RTT_MS = 50
export const MAX_RTT_MS = 1_000

/** How long after the first match that of another seat is waited for, ms. */
export const SECOND_MATCH_MS = 15

/** Without any ack after this time the seats count as unreachable, ms. */
export const SEATS_TIMEOUT_MS = 2_000

/** Seats that run one auction at the same time, and that are asked in all. */
export const SEATS_AT_ONCE = 2
export const MAX_SEATS_ASKED = 4

/** Seats to which a bid goes that was made from a gossiped header. */
export const FRONT_SEATS = 2

/** Frames that a seat may send to a client per second, and at once: two for each auction. */
export const CLIENT_INBOUND_PER_S = 200
export const CLIENT_INBOUND_BURST = 400

/** Auctions that one client runs at one seat at the same time. */
export const MAX_CLIENT_AUCTIONS = 64

/** Openings may come this long after the deadline of the job, ms (K-81). */
export const OPENINGS_GRACE_MS = 10_000
