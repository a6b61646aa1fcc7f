namespace KvCache;

/// <summary>Why a request for memory was refused. A refusal is an answer, not an error, and changes nothing.</summary>
public enum KvRefusal
{
    /// <summary>Nothing was refused.</summary>
    None,

    /// <summary>Too little device memory is free now. Asking again after a sequence ends can succeed.</summary>
    OutOfDeviceMemory,

    /// <summary>
    /// Too little host memory is free now. Asking again after a sequence ends can succeed, save where a sequence is to be suspended and
    /// there is no host tier at all.
    /// </summary>
    OutOfHostMemory,

    /// <summary>
    /// The sequence would be longer than the allocator's limit or than its whole memory. Asking again cannot succeed.
    /// </summary>
    TooLong,

    /// <summary>
    /// A copy that the request needed (copy-on-write) failed on the device. The block that it would have filled is spoiled:
    /// where something was cached in it, that alone is forgotten. Also the answer of a sequence that has lost keys and values
    /// (<see cref="KvSequence.IsLost"/>).
    /// </summary>
    TransferFailed,
}
