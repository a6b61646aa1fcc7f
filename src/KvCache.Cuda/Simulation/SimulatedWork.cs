namespace KvCache.Cuda.Simulation;

/// <summary>What a piece of work on a stream does.</summary>
internal enum SimulatedWorkKind
{
    Copy,
    CopyFromHost,
    CopyToHost,
    Fill,
    RecordEvent,
    WaitEvent,
    Kernel,
}

/// <summary>A piece of work on a stream.</summary>
internal readonly record struct SimulatedWork(SimulatedWorkKind Kind)
{
    /// <summary>The device address that is written.</summary>
    public ulong Destination { get; init; }

    /// <summary>The device address that is read.</summary>
    public ulong Source { get; init; }

    public nint Host { get; init; }

    public ulong Bytes { get; init; }

    public byte Value { get; init; }

    public SimulatedEvent? Event { get; init; }

    /// <summary>Which record of the event.</summary>
    public long Record { get; init; }

    public SimulatedKernel? Kernel { get; init; }
}

/// <summary>Work of an engine: what it touches, and perhaps what it does.</summary>
internal sealed record SimulatedKernel(SimulatedRange[] Reads, SimulatedRange[] Writes, Action? Body);

/// <summary>An event: records are numbered.</summary>
internal sealed class SimulatedEvent
{
    public SimulatedStream? Stream { get; set; }

    public long Recorded { get; set; }

    public long Completed { get; set; }

    public bool IsPending => Completed < Recorded;
}

/// <summary>A queue of work.</summary>
internal sealed class SimulatedStream(bool isEngines)
{
    public Queue<SimulatedWork> Pending { get; } = new();

    /// <summary>Whether it belongs to the engine, which gives it back itself.</summary>
    public bool IsEngines => isEngines;
}
