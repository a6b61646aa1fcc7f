#:property PublishAot=false
#:property RunAnalyzers=false
using System.Diagnostics;

// Plants named one-line faults in the core, one at a time, in a copy of the working tree, and runs the tests on each:
//   dotnet run eng/mutate.cs                    all faults; exit status 0 only when the tests catch every one
//   dotnet run eng/mutate.cs -- --only NAME     one fault, or all whose names begin so
//   dotnet run eng/mutate.cs -- --list          their names
// Faults of attention must be caught by the tests of attention, all others by the rest.
TimeSpan limit = TimeSpan.FromSeconds(180);
string root = FindRoot(Environment.CurrentDirectory);
Fault[] faults = Faults.All;
if (args is ["--only", string chosen])
{
    faults = [.. faults.Where(fault => fault.Name.StartsWith(chosen, StringComparison.Ordinal))];
}
else if (args is not ([] or ["--list"]))
{
    return Fail("usage: dotnet run eng/mutate.cs [-- --list | --only NAME]");
}

string[] stale = [.. faults.Where(fault => Occurrences(fault) != 1).Select(fault => $"{fault.Name}: the text is found {Occurrences(fault)} times in {fault.File}")];
if (stale.Length > 0 || faults.Length == 0)
{
    return Fail(faults.Length == 0 ? "no fault has that name" : string.Join(Environment.NewLine, stale));
}

if (args is ["--list"])
{
    Array.ForEach(faults, fault => Console.WriteLine($"{fault.Name,-45} {fault.File}"));
    return 0;
}

Stopwatch total = Stopwatch.StartNew();
string copy = Directory.CreateTempSubdirectory("kvcache-mutate-").FullName;
try
{
    CopyTree(root, copy);
    (int built, string log) = Run("dotnet", "build tests/KvCache.Tests -c Release -v quiet --nologo -p:RunAnalyzers=false", TimeSpan.FromMinutes(10));
    if (built != 0)
    {
        return Fail($"without a fault the tests do not build:{Environment.NewLine}{log}");
    }

    foreach (string tests in faults.Select(fault => fault.Tests).Distinct())
    {
        (int status, string results) = Test(tests);
        if (status != 0)
        {
            return Fail($"without a fault the tests do not pass:{Environment.NewLine}{results}");
        }
    }

    int caught = faults.Count(IsCaught);
    Console.WriteLine($"{caught} of {faults.Length} faults caught in {total.Elapsed.TotalSeconds:F0} s");
    return caught == faults.Length ? 0 : 1;
}
finally
{
    Directory.Delete(copy, recursive: true);
}

bool IsCaught(Fault fault)
{
    Stopwatch watch = Stopwatch.StartNew();
    string path = Path.Combine(copy, "src", "KvCache", fault.File);
    string original = File.ReadAllText(path);
    File.WriteAllText(path, original.Replace(fault.Original, fault.Replacement, StringComparison.Ordinal));
    (int status, string output) = Run(
        "dotnet", "build src/KvCache -c Release -v quiet --nologo --no-restore -p:RunAnalyzers=false -p:TreatWarningsAsErrors=false", TimeSpan.FromMinutes(5));
    string verdict = "does not compile: " + output.Split('\n').FirstOrDefault(line => line.Contains("error", StringComparison.Ordinal));
    bool caught = false;
    if (status == 0)
    {
        File.Copy(Path.Combine(Output("KvCache"), "KvCache.dll"), Path.Combine(Output("KvCache.Tests"), "KvCache.dll"), overwrite: true);
        (status, output) = Test(fault.Tests);
        caught = status != 0;
        verdict = !caught ? "SURVIVED" : status == int.MinValue ? "caught: time limit" : $"caught: {FirstFailure(output)}";
    }

    File.WriteAllText(path, original);
    Console.WriteLine($"{fault.Name,-45} {watch.Elapsed.TotalSeconds,5:F0} s  {verdict}");
    return caught;
}

(int Status, string Output) Test(string tests) => Run(
    "dotnet", $"exec {Path.Combine(Output("KvCache.Tests"), "KvCache.Tests.dll")} -noLogo -noColor -stopOnFail {tests}", limit);

string Output(string project) => Path.Combine(copy, "artifacts", "bin", project, "release");

int Occurrences(Fault fault) =>
    File.ReadAllText(Path.Combine(root, "src", "KvCache", fault.File)).Split(fault.Original).Length - 1;

// A mutant can crash or never end: both are ways of being caught.
(int Status, string Output) Run(string program, string arguments, TimeSpan patience)
{
    using Process process = new()
    {
        StartInfo = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = copy,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        },
    };
    process.StartInfo.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
    process.StartInfo.Environment["DOTNET_DbgEnableMiniDump"] = "0";
    process.Start();
    Task<string> output = process.StandardOutput.ReadToEndAsync();
    Task<string> errors = process.StandardError.ReadToEndAsync();
    if (!process.WaitForExit(patience))
    {
        process.Kill(entireProcessTree: true);
        process.WaitForExit();
        return (int.MinValue, "time limit");
    }

    return (process.ExitCode, output.Result + errors.Result);
}

static string FirstFailure(string output) =>
    output.Split('\n').Select(line => line.Trim()).FirstOrDefault(line => line.EndsWith("[FAIL]", StringComparison.Ordinal))?[..^7]
        .Replace("KvCache.Tests.", string.Empty, StringComparison.Ordinal)
    ?? "the process died";

static string FindRoot(string folder)
{
    while (!File.Exists(Path.Combine(folder, "KvCache.sln")))
    {
        folder = Path.GetDirectoryName(folder) ?? throw new DirectoryNotFoundException("Run it inside the repository.");
    }

    return folder;
}

static void CopyTree(string source, string target)
{
    string[] skipped = [".git", "artifacts", "bin", "obj", "TestResults", "BenchmarkDotNet.Artifacts"];
    Directory.CreateDirectory(target);
    foreach (string file in Directory.GetFiles(source))
    {
        File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
    }

    foreach (string folder in Directory.GetDirectories(source).Where(folder => !skipped.Contains(Path.GetFileName(folder))))
    {
        CopyTree(folder, Path.Combine(target, Path.GetFileName(folder)));
    }
}

static int Fail(string reason)
{
    Console.Error.WriteLine(reason);
    return 2;
}

/// <summary>A fault: what is replaced, once, in which file of the core.</summary>
internal sealed record Fault(string Name, string File, string Original, string Replacement)
{
    /// <summary>Which tests must catch it, in the words of the test runner.</summary>
    public string Tests => $"-namespace{(File.StartsWith("Attention/", StringComparison.Ordinal) ? "" : "-")} KvCache.Tests.Attention";
}

internal static class Faults
{
    private const string Pool = "Blocks/BlockPool.cs";
    private const string Ledger = "Paged/PagedLedger.cs";
    private const string Sequence = "Paged/PagedSequence.cs";
    private const string Growth = "Paged/PagedSequence.Growth.cs";
    private const string Fork = "Paged/PagedSequence.Fork.cs";
    private const string Index = "Prefixes/PrefixIndex.cs";
    private const string Tree = "Prefixes/ContentTree.cs";
    private const string Table = "Steps/PageTable.cs";
    private const string Prefill = "Attention/PrefillKernel.cs";
    private const string Decode = "Attention/DecodeKernel.cs";
    private const string Pairs = "Attention/TokenPairs.cs";
    private const string Output = "Attention/DecodeOutput.cs";
    private const string Plan = "Attention/AttentionPlan.cs";
    private const string Call = "Attention/AttentionCall.cs";
    private const string Operands = "Attention/AttentionOperands.cs";
    private const string Workers = "Attention/WorkerSet.cs";
    private const string Power = "Attention/Exponential.cs";
    private const string Half = "Attention/Elements/Float16Element.cs";
    private const string Brain = "Attention/Elements/BFloat16Element.cs";

    public static Fault[] All { get; } =
    [
        new("hit-takes-the-last-token-too", Ledger, "Math.Max(0, prompt.Length - 1) / BlockTokens", "prompt.Length / BlockTokens"),
        new("plan-ignores-revived-blocks", Ledger, "Pool.Available - revived)", "Pool.Available)"),
        new("plan-revives-owned-blocks", Ledger, "revived += Pool.IsUnowned(block) ? 1 : 0;", "revived++;"),
        new("blocks-for-tokens-rounded-wrong", Ledger, "((long)tokens + BlockTokens - 1) / BlockTokens", "((long)tokens + BlockTokens) / BlockTokens"),
        new("limit-of-a-sequence-ignored", Ledger, "tokens > _maxTokens || ", ""),
        new("capacity-beyond-the-limit", Ledger, "Math.Min(_maxTokens, (long)", "Math.Min(int.MaxValue, (long)"),
        new("evicted-block-not-forgotten", Ledger, "published += Unpublish(block);", "published++;"),
        new("release-skips-the-fence", "Blocks/RetiredBlocks.cs", "if (Count > 0 || MustWait)", "if (Count > 0)"),
        new("release-overtakes-waiting-blocks", "Blocks/RetiredBlocks.cs", "if (Count > 0 || MustWait)", "if (MustWait)"),
        new("duplicate-without-a-reference", Ledger, "Pool.AddReference([published]);", ""),
        new("duplicate-not-given-back", Ledger, "Release([block]);\n        Meters", "Meters"),
        new("forgotten-block-still-published", Ledger, "Pool.SetPublished(forgotten, published: false);", ""),
        new("clear-keeps-the-index", Ledger, "Index?.Clear();", ""),
        new("clear-while-in-transfer", "Paged/PagedKvAllocator.cs", " || _ledger.Pool.InTransfer > 0", ""),
        new("open-list-hole", "Paged/PagedKvAllocator.cs", "last.OpenIndex = index;", ""),

        new("reference-not-added", Pool, "if (entry.References++ == 0)", "if (entry.References == 0)"),
        new("release-order-reversed", Pool, "for (int i = blocks.Length - 1; i >= 0; i--)", "for (int i = 0; i < blocks.Length; i++)"),
        new("release-batch-lost", Pool, "_idle.Add(idle);\n", ""),
        new("exclusive-although-still-read", Pool, "References == 1 && _entries[block].Pending == 0", "References == 1"),
        new("writable-although-published", Pool, "IsExclusive(block) && !IsPublished(block)", "IsExclusive(block)"),
        new("revived-block-stays-idle", Pool, "_idle.Remove(block);", ""),
        new("settled-block-lost", Pool, "_idle.Add([block]);", ""),
        new("trimmed-blocks-not-available", Pool, "_highWater + _trimmed.Count + _idle.Count", "_highWater + _idle.Count"),
        new("cached-count-on-eviction", Pool, "_cached -= cached;", ""),
        new("available-off-by-one", Pool, "if (blocks.Length > Available)", "if (blocks.Length >= Available)"),

        new("fence-one-step-early", "Blocks/RetiredBlocks.cs", "segment.Step <= passed", "segment.Step <= passed + 1"),
        new("fence-of-the-open-step-passed", "Blocks/RetiredBlocks.cs", " - (_stepOpen ? 1 : 0)", ""),
        new("retire-order-reversed", "Blocks/RetiredBlocks.cs", "for (int i = blocks.Length - 1; i >= 0; i--)", "for (int i = 0; i < blocks.Length; i++)"),
        new("idle-order-keeps-the-revived", "Blocks/LeastRecentlyUsed.cs", "_ring[_slots[block]] = None;", ""),
        new("table-change-not-noted", "Blocks/BlockTable.cs", "FirstChanged = Math.Min(FirstChanged, index);", ""),

        new("write-without-exclusive-check", Growth, "return offset == 0 || _ledger.Pool.IsWritable(_table[index]);", "return true;"),
        new("write-into-a-shared-block", Growth, "bool copy = offset > 0 && !pool.IsExclusive(_table[tail]);", "bool copy = false;"),
        new("copy-from-the-wrong-side", Growth, "CopyBlock(source, copy, tokens)", "CopyBlock(copy, source, tokens)"),
        new("copy-without-tokens", Growth, "_ledger.Tokens[source][..tokens].CopyTo(_ledger.Tokens[copy]);", ""),
        new("copied-block-not-released", Growth, "_ledger.Release([shared]);", ""),
        new("copy-not-counted-in-the-plan", Growth, "added + (copy ? 1 : 0)", "added"),
        new("rewritten-block-still-published", Growth, "if (offset > 0 && _ledger.Pool.IsPublished(_table[tail]))", "if (offset < 0)"),
        new("copy-one-token-short", "Paged/PagedMemory.cs", "tokens * tokenStride", "(tokens - 1) * tokenStride"),
        new("copy-keys-only", "Paged/PagedMemory.cs", "ValueBase(layer), Layout.ValuePageStride,", "KeyBase(layer), Layout.ValuePageStride,"),
        new("fork-shares-what-is-still-written", Fork, "bool parentStillWrites = ", "bool parentStillWrites = false && "),
        new("fork-shares-a-block-to-compute", Fork, "return ComputedLength / BlockTokens;", "return _ledger.BlocksFor(ComputedLength);"),
        new("truncate-keeps-published", Sequence, "Published = Math.Min(Published, length / BlockTokens);", ""),
        new("truncate-keeps-computed", Sequence, "ComputedLength = Math.Min(ComputedLength, length);", ""),
        new("publish-without-the-parent", Sequence, "Published == 0 ? -1 : _table[Published - 1]", "-1"),
        new("duplicate-not-replaced", Sequence, "_table.Replace(Published, kept);", ""),
        new("namespace-never-released", Sequence, "_ledger.Index!.Roots.Release(_root.Content);", ""),

        new("hash-decides-alone", Index, " && wanted.SequenceEqual(tokens[node.OldestCopy])", ""),
        new("parent-not-compared", Index, " && node.Parent == parent", ""),
        new("copy-chain-broken", Index, "_copies[node.NewestCopy].Newer = block;", ""),
        new("newest-copy-found", Index, "blocks[i] = Contents[parent].OldestCopy;", "blocks[i] = Contents[parent].NewestCopy;"),
        new("children-left-behind", Index, "if (Contents[content].FirstChild != ContentTree.None)", "if (content < 0)"),
        new("removal-not-announced", Index, "events?.Write(KvCacheEventKind.Removed, node.Hash, default, tokens.BlockTokens);", ""),
        new("first-block-without-namespace", Index, "Roots.Acquire(before);", ""),
        new("bucket-cut-short", Tree, "link = removed.NextInBucket;", "link = None;"),
        new("sibling-not-linked-back", Tree, "_nodes[sibling].PreviousSibling = node;", ""),
        new("namespace-fields-untyped", "Prefixes/PrefixRoot.cs", "header[0] = tag;", "header[0] = 0;"),

        new("page-table-keeps-a-longer-row", Table, " || state.Count > count", ""),
        new("page-table-trusts-another-row", Table, " || table.ShownRow != row", ""),
        new("page-table-tail-not-cleared", Table, "entries[blocks.Length..state.Count].Fill(-1);", ""),
        new("step-commits-without-completion", "Steps/StepState.cs", "if (completed && !row.Sequence.IsDisposed)", "if (!row.Sequence.IsDisposed)"),
        new("refused-step-leaves-marks", "Steps/StepState.cs", "claimed.Sequence.InStep = false;", ""),
        new("slots-of-the-next-positions", "KvLayerView.cs", "int position = Lengths[row] - count;", "int position = Lengths[row];"),
        new("lost-events-not-marked", "Diagnostics/KvEventStream.cs", "_lost = true;", ""),
        new("decommit-reaches-into-neighbours", "Memory/NativeRegion.cs", "long first = RoundUp(Address + offset, page);", "long first = (Address + offset) / page * page;"),

        new("attention-sees-the-next-position", Prefill, "+ (query / call.Group) + 1 - tile", "+ (query / call.Group) + 2 - tile"),
        new("attention-mask-turned-round", Prefill, "TSimd.Less(TSimd.Create(i), limit)", "TSimd.Less(limit, TSimd.Create(i))"),
        new("attention-hidden-values-times-zero", Prefill, "Math.Clamp((int)limits[0], 0, count)", "Math.Clamp((int)limits[0] + 1, 0, count)"),
        new("attention-panel-that-is-not-full-lost", Prefill, "Math.Min(Panel, queries - panel)", "Panel"),
        new("attention-sums-of-the-last-call-kept", Prefill, "new Span<float>(scratch.Sums, padded * scratch.OutputStride).Clear();", ""),
        new("attention-heads-interleaved", Prefill, "call.QueryStride) + ((nint)((head * call.Group) + member)", "call.QueryStride) + ((nint)((member * call.KvHeads) + head)"),
        new("attention-last-position-uncapped", Prefill, "SoftCap<TSimd, TVector>.Apply(scratch.Scores, count * Panel", "SoftCap<TSimd, TVector>.Apply(scratch.Scores, (count - 1) * Panel"),
        new("attention-sums-not-lowered", "Attention/MatrixKernel.cs", "sum0 = TSimd.MultiplyAdd(TSimd.Load(c), factor, sum0);", "sum0 = TSimd.Add(TSimd.Load(c), sum0);"),

        new("attention-largest-never-below-zero", Decode, "TVector largest = before;", "TVector largest = TSimd.Max(before, default);"),
        new("attention-decode-sums-not-lowered", Decode, "if (scratch.Kept[query] != 1)", "if (scratch.Kept[query] > 1)"),
        new("attention-query-of-another-row", Decode, "(call.QueryOffsets[row] * call.QueryStride)", "(row * call.QueryStride)"),
        new("attention-pairs-for-any-group", Decode, "bool pairs = call.Group % 4 == 0;", "bool pairs = call.Group >= 4;"),
        new("attention-missing-tokens-weighed", Decode, "((keys.Steps * streams) - count) * scratch.ScoreStride).Clear();", "0).Clear();"),
        new("attention-streams-out-of-place", "Attention/TokenStreams.cs", "(stream * Steps) + step, count - 1", "(step * streams) + stream, count - 1"),
        new("attention-second-step-with-the-weights-of-the-first", "Attention/WeightedSums.cs", "float* weights2 = weights + onward;", "float* weights2 = weights;"),
        new("attention-last-of-odd-steps-lost", Pairs, "for (; step < values.Steps; step++)", "for (; step + 1 < values.Steps; step++)"),
        new("attention-rest-of-the-values-lost", Pairs, "dims < call.ValueDim &&", "dims < call.KeyDim &&"),

        new("attention-pieces-overlap", Plan, "Math.Min(length, (split + 1) * Split)", "Math.Min(length, ((split + 1) * Split) + 1)"),
        new("attention-combined-too-early", Plan, "_pending[row] = splits * headParts;", "_pending[row] = splits;"),
        new("attention-largest-of-the-last-piece", Output, "largest = MathF.Max(largest, pieces.Largest(slot, query));", "largest = pieces.Largest(slot, query);"),
        new("attention-pieces-stored-too-close", "Attention/PartialResults.cs", "(valueDim + 2 + Alignment - 1)", "(valueDim + Alignment - 1)"),
        new("attention-rest-of-a-piece-replaces", "Attention/Scaling.cs", "destination[i] += source[i] * factor;", "destination[i] = source[i] * factor;"),

        new("attention-page-begins-in-the-middle", Call, "offset = 0;", ""),
        new("attention-page-table-without-its-stride", Call, "(long)row * PageTableRowStride", "(long)row * PageTableColumns"),
        new("attention-gap-of-the-output-ignored", Call, "output.TokenStride / sizeof(float)", "output.Heads * output.HeadDim"),
        new("attention-scale-without-the-root", "Attention/KvScoring.cs", "1 / MathF.Sqrt(keyDim)", "1f / keyDim"),

        new("attention-append-to-the-row-after", "Attention/AppendWork.cs", "row = row < 0 ? ~row - 1 : row;", "row = row < 0 ? ~row : row;"),
        new("attention-append-half-always-up", Half, "+ 0xFFF)", "+ 0x1000)"),
        new("attention-append-small-half-as-normal", Half, "SmallestNormal = 0x38800000;", "SmallestNormal = 0x38000000;"),
        new("attention-infinite-half-as-a-number", Half, "TSimd.Or(value, TSimd.CreateBits(Infinity))", "value"),
        new("attention-append-brain-rest-not-to-even", Brain, "(bits + 0x7FFF + ((bits >> 16) & 1)) >> 16", "(bits + 0x7FFF) >> 16"),
        new("attention-append-brain-nan-as-infinity", Brain, "TSimd.Select(TSimd.IsNaN(value), quiet, rounded)", "rounded"),
        new("attention-power-coefficient-mistyped", Power, "TSimd.Create(5.5503324e-2f)", "TSimd.Create(5.5500324e-2f)"),
        new("attention-power-not-zero-below", Power, "return TSimd.Select(TSimd.Less(x, lowest), default, result);", "return result;"),
        new("attention-tanh-without-bound", Power, "TSimd.Less(TSimd.Create(20f), magnitude)", "TSimd.Less(TSimd.Create(200f), magnitude)"),

        new("attention-heads-that-do-not-divide", Operands, "queries.Heads % shape.KvHeads != 0", "queries.Heads < shape.KvHeads"),
        new("attention-two-calls-at-a-time", "Attention/CpuAttention.cs", "Interlocked.Exchange(ref _busy, 1) != 0", "Interlocked.Exchange(ref _busy, 1) > 1"),
        new("attention-width-by-the-keys-alone", "Attention/KernelChoice.cs", " && shape.ValueDim % (bits / 32) == 0", ""),
        new("attention-kernels-made-anew", "Attention/KernelChoice.cs", "_made.Add(key, kernels = AttentionKernels.Create(key.Item1, key.Item2));", "kernels = AttentionKernels.Create(key.Item1, key.Item2);"),
        new("attention-scratch-never-grows", "Attention/NativeFloats.cs", "if (floats > _length)", "if (_memory == null)"),
        new("attention-workers-not-awaited", Workers, "AwaitOthers();\n", "\n"),
        new("attention-workers-share-scratch", Workers, "int worker = i + 1;", "int worker = i;"),
        new("attention-sleepers-not-woken", Workers, "Wake(parts - 1);", ""),
        new("attention-failure-of-a-part-lost", Workers, "Interlocked.CompareExchange(ref _failure, exception, null);", ""),
    ];
}
