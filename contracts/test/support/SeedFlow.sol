// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice The part of a token that the flow needs.
interface IPayment {
    function transfer(address to, uint256 amount) external returns (bool);
    function transferFrom(address from, address to, uint256 amount) external returns (bool);
}

/// @title The four transactions per job of the founding document, to compare with
/// @notice Written as its interface asks: strings on chain, one escrow per job, a result and its receipt stored, an
/// owner who finalizes, a guard against reentrancy in every function. Only benchmarks deploy it. Imports nothing, so
/// that a benchmark can hand it to the compiler alone.
contract SeedFlow {
    enum Status {
        None,
        Posted,
        Accepted,
        Completed,
        Finalized
    }

    struct Job {
        address client;
        address provider;
        string specHash;
        string modelId;
        uint256 maxPrice;
        uint256 price;
        uint8 verificationMode;
        uint256 deadline;
        Status status;
        string resultHash;
        bytes receiptSig;
    }

    IPayment private immutable _token;
    address private immutable _owner;
    uint256 private _lock = 1;
    uint256 private _count;
    mapping(uint256 jobId => Job) private _jobs;

    event JobPosted(uint256 indexed jobId, address indexed client, string modelId, uint256 maxPrice);
    event JobAccepted(uint256 indexed jobId, address indexed provider, uint256 bidPrice);
    event JobCompleted(uint256 indexed jobId, string resultHash);
    event JobFinalized(uint256 indexed jobId, address indexed provider, uint256 amount);

    error NotOwner();
    error Reentered();
    error WrongStatus(Status found);
    error PriceTooHigh(uint256 price, uint256 maxPrice);
    error NotTheProvider();
    error Expired();

    modifier nonReentrant() {
        if (_lock != 1) revert Reentered();
        _lock = 2;
        _;
        _lock = 1;
    }

    constructor(IPayment token) {
        _token = token;
        _owner = msg.sender;
    }

    function postJob(
        string calldata specHash,
        string calldata modelId,
        uint256 maxPrice,
        uint8 verificationMode,
        uint256 timeout
    )
        external
        nonReentrant
        returns (uint256 jobId)
    {
        jobId = ++_count;
        Job storage job = _jobs[jobId];
        job.client = msg.sender;
        job.specHash = specHash;
        job.modelId = modelId;
        job.maxPrice = maxPrice;
        job.verificationMode = verificationMode;
        job.deadline = block.timestamp + timeout;
        job.status = Status.Posted;
        _token.transferFrom(msg.sender, address(this), maxPrice);
        emit JobPosted(jobId, msg.sender, modelId, maxPrice);
    }

    function acceptJob(uint256 jobId, uint256 bidPrice) external nonReentrant {
        Job storage job = _in(jobId, Status.Posted);
        if (bidPrice > job.maxPrice) revert PriceTooHigh(bidPrice, job.maxPrice);
        job.provider = msg.sender;
        job.price = bidPrice;
        job.status = Status.Accepted;
        emit JobAccepted(jobId, msg.sender, bidPrice);
    }

    function submitResult(uint256 jobId, string calldata resultHash, bytes calldata receiptSig) external nonReentrant {
        Job storage job = _in(jobId, Status.Accepted);
        if (msg.sender != job.provider) revert NotTheProvider();
        if (block.timestamp > job.deadline) revert Expired();
        job.resultHash = resultHash;
        job.receiptSig = receiptSig;
        job.status = Status.Completed;
        emit JobCompleted(jobId, resultHash);
    }

    function finalizeJob(uint256 jobId) external nonReentrant {
        if (msg.sender != _owner) revert NotOwner();
        Job storage job = _in(jobId, Status.Completed);
        job.status = Status.Finalized;
        _token.transfer(job.provider, job.price);
        if (job.maxPrice > job.price) _token.transfer(job.client, job.maxPrice - job.price);
        emit JobFinalized(jobId, job.provider, job.price);
    }

    function _in(uint256 jobId, Status status) private view returns (Job storage job) {
        job = _jobs[jobId];
        if (job.status != status) revert WrongStatus(job.status);
    }
}
