/** Limits of the wire format. A codec refuses what lies outside, in both directions. */

/** Bytes. A gossip message stays far below gossipsub's default of 1 MiB: it is copied to every mesh peer. */
export const MAX_ENVELOPE_BYTES: number = 8 * 1024

/** Bytes of the payload in an envelope: the largest gossip message is an offer. */
export const MAX_PAYLOAD_BYTES: number = 4 * 1024

/** Bytes. About 40 models with short names. */
export const MAX_OFFER_BYTES: number = 4 * 1024

/** Bytes of a binding: five fixed fields take at most 180. */
export const MAX_BINDING_BYTES = 512

/** Bytes of a signed struct, the largest is a receipt with about 400. */
export const MAX_SIGNED_BYTES = 1024

/** Bytes. Two bindings and a voucher take about 650. */
export const MAX_HELLO_BYTES: number = 2 * 1024

/** Bytes. A response carries one envelope. */
export const MAX_CAPS_FRAME_BYTES: number = 16 * 1024

/** Bytes of an encoded job spec: the longest prompt. */
export const MAX_SPEC_BYTES: number = 128 * 1024

/** Bytes of a job header in its envelope: one is gossiped for each auctioned job (SCHEMAS). */
export const MAX_JOB_HEADER_BYTES = 640

/** Bytes of a sealed bid: a signed bid takes about 180. */
export const MAX_SEALED_BID_BYTES = 512

/** Bids of one match, and commitments behind its root; a seat invites 30, anybody may bid. */
export const MAX_MATCH_BIDS = 64

/** Matches that one award may combine: those of the two front seats. */
export const MAX_PROOF_SETS = 2

/** Providers that a client may leave out of one choice. */
export const MAX_EXCLUDED = 64

/** Awarded providers that one job may have: members, backups and those that failed. */
export const MAX_JOB_SEGMENTS = 64

/** Bytes. Openings carry the bids of two matches. */
export const MAX_MARKET_FRAME_BYTES: number = 128 * 1024

/** Bytes. Two turns of seven seats with their addresses. */
export const MAX_LIGHT_FRAME_BYTES: number = 16 * 1024

/** Vouchers of one relay request: as many as a provider sends in one transaction of its own. */
export const MAX_RELAY_VOUCHERS = 256

/** Hundredths of a per cent that a relay may take (`JobMarket.MAX_FEE_BPS`). */
export const MAX_RELAY_FEE_BPS = 100

/** Bytes. MAX_RELAY_VOUCHERS of 105 bytes, a permit and a name. */
export const MAX_RELAY_FRAME_BYTES: number = 32 * 1024

/** Seats of one turn (DESIGN §6). */
export const MAX_SEATS = 7

/** Turns of one answer: this one and the next. */
export const MAX_TURNS = 2

/** Addresses told of one peer. */
export const MAX_ADDRESSES = 4

/** UTF-8 bytes of a multiaddr. */
export const MAX_ADDRESS_BYTES = 256

/** Bytes. An award: one sealed spec, the bids of its auction and MAX_PREFIX_IDS ids of at most 5 bytes. */
export const MAX_JOB_FRAME_BYTES: number = 384 * 1024

/** Bytes of a proof of a fault: a match with its 64 commitments takes about 2 600. */
export const MAX_PROOF_BYTES: number = 4 * 1024

/** Bytes. A proof, or the hello. */
export const MAX_EVIDENCE_FRAME_BYTES: number = 5 * 1024

/** Bytes of one answer of the fetch protocol: a remote reads it in one go (M-43). */
export const MAX_BLOCK_BYTES: number = 256 * 1024

/** Bytes of a model's manifest, fetched in parts of MAX_BLOCK_BYTES. */
export const MAX_MANIFEST_BYTES: number = 1024 * 1024

/** Hashes of one answer: those of 4 GiB. */
export const MAX_PIECE_HASHES = 4096

/** Bytes. A block and what stands around it; a hello. */
export const MAX_FETCH_FRAME_BYTES: number = MAX_BLOCK_BYTES + 1024

/** Bytes of the random salt before the spec, so that equal prompts have different hashes. */
export const SALT_BYTES = 32

/** Bytes that AES-128-GCM adds. */
export const SEAL_TAG_BYTES = 16

/** Bytes of a sealed spec. */
export const MAX_SEALED_BYTES: number = SALT_BYTES + MAX_SPEC_BYTES + SEAL_TAG_BYTES

/** Bytes of a libp2p peer id as multihash; an Ed25519 id has 38. */
export const MAX_PEER_ID_BYTES = 64

/** Token ids of one chunk: eight steps of 64. */
export const MAX_CHUNK_IDS = 512

/** Token ids of the prefix of a resumed segment. */
export const MAX_PREFIX_IDS = 8192

/** Token ids of a revealed answer. */
export const MAX_REVEAL_IDS = 8192

/** UTF-8 bytes of a revealed answer. */
export const MAX_REVEAL_TEXT_BYTES: number = 256 * 1024

/** UTF-8 bytes of the text of one chunk: 64 for each id. */
export const MAX_TEXT_DELTA_BYTES: number = 32 * 1024

/** UTF-8 bytes of a code of the error registry. */
export const MAX_CODE_BYTES = 64

/** UTF-8 bytes of a sentence that explains a code. */
export const MAX_DETAIL_BYTES = 512

/** UTF-8 bytes of `<chainId>-<8 hex digits>`, with room for finer names. */
export const MAX_NETWORK_BYTES = 64

/** UTF-8 bytes of a model's display name. */
export const MAX_MODEL_NAME_BYTES = 128

/** Models in one offer. */
export const MAX_OFFER_MODELS = 64

/** Numbers that a model may give for one text: as many as a prefix may have. */
export const MAX_NUMBERS_WIDTH = 8192

/** Named classes of one model. */
export const MAX_LABELS = 64

/** UTF-8 bytes of the name of a class. */
export const MAX_LABEL_BYTES = 64

/** Texts in one spec of an embedding or a classification. */
export const MAX_TEXTS = 256

/** Chat messages in one spec. */
export const MAX_CHAT_MESSAGES = 64

/** UTF-8 bytes of `system`, `user`, `assistant` and what a template may name. */
export const MAX_ROLE_BYTES = 32

/** Stop strings in one spec; each is searched in every chunk. */
export const MAX_STOP_STRINGS = 16

/** UTF-8 bytes of one stop string. */
export const MAX_STOP_BYTES = 256

/** Logit biases in one spec; each costs work at every token. */
export const MAX_LOGIT_BIASES = 512

/** Candidates kept by top-k; 0 switches it off. */
export const MAX_TOP_K = 1000

/** Lowest temperature above 0 whose draws can be checked (DESIGN §9). */
export const MIN_TEMPERATURE = 0.2

export const MAX_TEMPERATURE = 2

/** Repetition penalties: below 1 rewards repeating, above 1 punishes it. */
export const MIN_REPETITION_PENALTY = 0.5

export const MAX_REPETITION_PENALTY = 2

/** Largest absolute logit bias, as in the OpenAI API. */
export const MAX_LOGIT_BIAS = 100

/** Basis points: every job audited. */
export const MAX_BASIS_POINTS = 10_000

export const MAX_UINT8 = 0xff
export const MAX_UINT16 = 0xffff
export const MAX_UINT32 = 0xffff_ffff
