/** What to do about each refusal of the contracts that judge and govern. The arguments are those of the custom error. */
import { duck, text, time, type Advice } from './advice-text.ts'

const states = ['unknown', 'open', 'slashed', 'closed']
const stateOf = (state: unknown): string => states[Number(state)] ?? text(state)

export const disputeAdvice: Readonly<Record<string, Advice>> = {
  NotSignedBy: (provider, signer) =>
    `${text(signer)} is no operator of ${text(provider)}, nor was it within the last fault window. Check who signed, and over which domain.`,
  AlreadyPunished: (fault) =>
    `The fault ${text(fault)} was punished or decided already. Nothing more can be done about it.`,
  NothingAtStake: (provider) =>
    `${text(provider)} has nothing left that could be taken. The proof stays good for when it stakes again.`,
  NotAscending: (index) =>
    `Entry ${text(index)} is not above the one before it. Sort the list and drop doubles.`,
  TooEarly: (start) => `This may happen from ${time(start)} on. Try again then.`,
  TooLate: (end) => `This could happen until ${time(end)}, which is over.`,
  NotTrusted: (caller) =>
    `${text(caller)} may not call this: only the contracts of disputes call one another here.`,
  NotTheSame: () =>
    'The two messages are about different things. Bring two about the same step, receipt or attempt.',
  NoContradiction: () => 'The two messages say the same, so they prove nothing.',
  FaultTooOld: (end) => `The fault could be brought until ${time(end)}, which is over.`,
  WrongCommits: (root) =>
    `The commitments are not those of the match: they must be as many as it says and hash to ${text(root)}.`,
  NotOmitted: (commit) =>
    `The commitment ${text(commit)} is in the match, so nothing was left out.`,
  TooManyBids: (count) => `A match has at most 64 bids, not ${text(count)}.`,
  NothingHeld: () => 'No slashed money is held for this fault: there was none, or it is paid out.',
  AlreadyDisputed: (dispute) =>
    `This step is in dispute already, as ${text(dispute)}. Follow that one.`,
  WrongOrder: (job) =>
    `The order does not hash to ${text(job)}, the job of the receipt. Give the order as it was signed.`,
  NotClient: (caller) =>
    `${text(caller)} is not the client of this job. Send it from the payer of the order, or from the account of its session key.`,
  ReasonTooLong: (length) => `The reason has ${text(length)} bytes. Shorten it to 256.`,
  WrongState: (dispute, state) =>
    `The dispute ${text(dispute)} is ${stateOf(state)}, which this is not for. Read where it stands.`,
  QuorumTooSmall: (rulings, quorum) =>
    `${text(rulings)} rulings are fewer than the quorum of ${text(quorum)}. Collect more.`,
  ParametersOutOfBounds: () =>
    'A parameter of disputes is outside its bounds. See DisputeParametersLib.',
  WrongDisputes: (disputes) =>
    `The registry takes slashes from ${text(disputes)} only. Deploy all contracts together.`,
  TooManyCandidates: (count) =>
    `At most 31 candidates are entered at a time, not ${text(count)}. Split the list.`,
  NotEligible: (owner) =>
    `${text(owner)} may not judge this dispute: it is a party to it, had no stake, or did not serve the model.`,
  NotDrawn: (seat, referee) =>
    `Seat ${text(seat)} is not that of ${text(referee)}, or the signature is over something else.`,
  DelayTooShort: (delay, unbonding) =>
    `The timelock of ${text(delay)} s must be longer than unbonding, ${text(unbonding)} s.`,
  VotingParametersOutOfBounds: () =>
    'A voting parameter is outside its bounds: delay to 30 days, period to 60, quorum to 50 per cent.',
  GovernorInsufficientProposerVotes: (proposer, votes, threshold) =>
    `${text(proposer)} has ${duck(votes)} at stake where proposing takes ${duck(threshold)}. Stake more.`,
  GovernorNonexistentProposal: (proposal) =>
    `There is no proposal ${text(proposal)}. Check its calls and description.`,
  GovernorUnexpectedProposalState: (proposal) =>
    `The proposal ${text(proposal)} is in another state. Read where it stands.`,
  GovernorAlreadyCastVote: (voter) => `${text(voter)} has voted on this proposal already.`,
  TimelockUnexpectedOperationState: () =>
    'The timelock has not waited long enough, or the calls are not those that were queued. Try again later.',
}
