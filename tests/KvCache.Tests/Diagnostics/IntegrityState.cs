using System.Reflection;
using KvCache.Blocks;
using KvCache.Paged;
using KvCache.Prefixes;
using KvCache.Tests.Ledger;
using KvCache.Tests.Scenarios;
using Xunit;

namespace KvCache.Tests.Diagnostics;

/// <summary>An allocator in the middle of its work: owners, forks, copies, cached, idle, trimmed and retired blocks.</summary>
internal sealed class IntegrityState
{
    private readonly ManualDevice _device = new();
    private readonly Stage _stage;

    public IntegrityState()
    {
        _stage = new Stage(new PagedKvAllocatorOptions
        {
            Geometry = Stage.Geometry,
            Device = _device,
            BlockCount = 40,
            BlockTokens = 4,
            Deduplicate = false,
            PrefixHash = new KeyedPrefixHash(1),
        });
        KvNamespace tenant = new(Salt: "tenant");
        KvSequence first = _stage.Open(Stage.Tokens(0, 19), tenant);
        KvSequence second = _stage.Open(Stage.Tokens(0, 18), tenant);
        KvSequence third = _stage.Open(Stage.Tokens(0, 9), tenant);
        _stage.Compute(first, second, third);
        Assert.True(first.TryFork(19, out KvSequence? fork, out _));
        _stage.RunAndFinish(Stage.Tokens(100, 13));
        _stage.Open(Stage.Tokens(900, 9)).Dispose();
        KvSequence retired = _stage.Prefill(Stage.Tokens(200, 10));
        _device.PassAll();
        _stage.Allocator.Probe([], null, 0);
        Trimmed = _stage.Pool.Idle.ToArray()[0];
        _stage.Allocator.Trim(1);
        KvSequence waiting = _stage.Open(Stage.Tokens(300, 10));
        _stage.Compute(first, second, third, fork);
        retired.Dispose();
        (First, Second, Third, Fork, Waiting) =
            ((PagedSequence)first, (PagedSequence)second, (PagedSequence)third, (PagedSequence)fork, (PagedSequence)waiting);
        Cached = _stage.Pool.Idle.ToArray().First(_stage.Pool.IsPublished);
        Idle = _stage.Pool.Idle.ToArray().First(block => !_stage.Pool.IsPublished(block));
        Retired = _stage.Ledger.Retired.Blocks.First();
    }

    public PagedKvAllocator Allocator => _stage.Allocator;

    public PagedLedger Ledger => _stage.Ledger;

    public BlockPool Pool => _stage.Pool;

    public PrefixIndex Index => _stage.Index;

    /// <summary>Computed 19 of 19 tokens: four blocks that stand for their content, a partial one shared with the fork.</summary>
    public PagedSequence First { get; }

    /// <summary>Four blocks that are the second copies of the first sequence's, and two blocks of the third's are younger.</summary>
    public PagedSequence Second { get; }

    public PagedSequence Third { get; }

    public PagedSequence Fork { get; }

    /// <summary>Ten tokens and none of them computed.</summary>
    public PagedSequence Waiting { get; }

    public int Cached { get; }

    public int Idle { get; }

    public int Retired { get; }

    public int Trimmed { get; }

    public ref ContentTree.Node ContentOf(int block) => ref Index.Contents[Index.ContentOf(block)];

    /// <summary>Gets what no hook reaches.</summary>
    public static object Get(object target, string field) =>
        target.GetType().GetField(field, BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(target)!;

    /// <summary>Sets what no hook reaches.</summary>
    public static void Set(object target, string member, object value)
    {
        const BindingFlags Any = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;
        for (Type? type = target.GetType(); type is not null; type = type.BaseType)
        {
            if (type.GetField(member, Any | BindingFlags.DeclaredOnly) is { } field)
            {
                field.SetValue(target, value);
                return;
            }

            if (type.GetProperty(member, Any | BindingFlags.DeclaredOnly) is { } property)
            {
                property.SetValue(target, value);
                return;
            }
        }

        Assert.Fail($"{target.GetType().Name} has no {member}.");
    }
}
