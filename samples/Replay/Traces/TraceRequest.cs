namespace Replay.Traces;

/// <summary>One request of a trace. The reader fills the same object again and again.</summary>
internal sealed class TraceRequest
{
    /// <summary>Gets or sets the arrival in milliseconds.</summary>
    public double Timestamp { get; set; }

    /// <summary>Gets or sets the prompt's length in tokens.</summary>
    public int InputLength { get; set; }

    /// <summary>Gets or sets the answer's length in tokens.</summary>
    public int OutputLength { get; set; }

    /// <summary>Gets the ids of the prompt's blocks; wide enough for signed and unsigned 64-bit ids alike.</summary>
    public List<Int128> BlockIds { get; } = [];
}
