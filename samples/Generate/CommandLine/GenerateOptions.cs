using Generate.Engine;
using Generate.Sampling;
using KvCache;

namespace Generate.CommandLine;

/// <summary>What the command line asks for.</summary>
internal sealed record GenerateOptions
{
    public string? Model { get; init; }

    public required IReadOnlyList<string> Prompts { get; init; }

    public required int Tokens { get; init; }

    public required int Samples { get; init; }

    public required SamplingSettings Sampling { get; init; }

    public required DeviceChoice Device { get; init; }

    public required string Allocator { get; init; }

    public required KvElementType ElementType { get; init; }

    public required int BlockTokens { get; init; }

    public required double MemoryMebibytes { get; init; }

    public double? HostMemoryMebibytes { get; init; }

    public required int PrefillChunk { get; init; }

    public required int Threads { get; init; }

    public required IReadOnlyList<string> Feeds { get; init; }

    public required IReadOnlyList<string> Logits { get; init; }

    public required int FeedChunk { get; init; }
}
