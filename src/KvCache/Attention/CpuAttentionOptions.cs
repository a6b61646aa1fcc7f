namespace KvCache.Attention;

/// <summary>How <see cref="CpuAttention"/> uses the processor.</summary>
public sealed class CpuAttentionOptions
{
    /// <summary>Gets how many threads work on a call, the calling one included; at least 1.</summary>
    /// <value>Default: the number of processors that the process may use.</value>
    /// <exception cref="ArgumentOutOfRangeException">Below 1 or above 1,024.</exception>
    public int Threads
    {
        get;
        init => field = value is >= 1 and <= 1024
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, $"{nameof(Threads)} is {value}; expected 1 … 1024.");
    } = Math.Min(Environment.ProcessorCount, 1024);

    /// <summary>Gets the bits of the vectors to use whatever the shapes and the hardware: 128, 256 or 512; for tests.</summary>
    internal int? ForcedWidth { get; init; }
}
