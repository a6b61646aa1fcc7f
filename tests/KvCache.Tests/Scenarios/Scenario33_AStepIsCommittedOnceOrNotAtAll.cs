using Xunit;

namespace KvCache.Tests.Scenarios;

/// <summary>A step stands for the origin's reservation. Window rings have no counterpart yet.</summary>
public class Scenario33_AStepIsCommittedOnceOrNotAtAll
{
    [Fact]
    public void A_step_disposed_without_completion_leaves_everything_as_it_was()
    {
        using Stage stage = new(blocks: 10);
        KvSequence sequence = stage.Open(Stage.Tokens(0, 40));
        KvUsage before = stage.Allocator.Usage;
        int[] blocks = Stage.Blocks(sequence);
        using (stage.Allocator.BeginStep([new KvRow(sequence, 40)]))
        {
            Assert.Throws<InvalidOperationException>(() => stage.Allocator.BeginStep([]));
            Assert.Throws<InvalidOperationException>(() => sequence.Truncate(3));
        }

        Assert.Equal((0, 40), (sequence.ComputedLength, sequence.Length));
        Assert.Equal(before, stage.Allocator.Usage);
        Assert.Equal(blocks, Stage.Blocks(sequence));
        Assert.Equal(0, stage.Index.Contents.Count);
    }

    [Fact]
    public void Completion_applies_the_rows_and_leaves_other_sequences_alone()
    {
        using Stage stage = new(blocks: 10);
        KvSequence present = stage.Open(Stage.Tokens(0, 20));
        KvSequence absent = stage.Open(Stage.Tokens(100, 20));
        KvStep step = stage.Allocator.BeginStep([new KvRow(present, 17)]);
        step.Complete();
        Assert.Equal((17, 0), (present.ComputedLength, absent.ComputedLength));
        Assert.False(step.IsOpen);
        Assert.Throws<InvalidOperationException>(() => step.Complete());
        step.Dispose();
        Assert.Equal(17, present.ComputedLength);
    }

    [Fact]
    public void A_refused_step_marks_no_sequence()
    {
        using Stage stage = new(blocks: 10);
        using Stage elsewhere = new(blocks: 10);
        KvSequence good = stage.Open(Stage.Tokens(0, 20));
        KvSequence foreign = elsewhere.Open([1]);
        KvRow[][] refused =
        [
            [new(good, 1), new(good, 1)],
            [new(good, 1), new(foreign, 0)],
            [new(good, 1), default],
        ];
        foreach (KvRow[] rows in refused)
        {
            Assert.Throws<ArgumentException>("rows", () => stage.Allocator.BeginStep(rows));
            good.Truncate(good.Length);
            stage.Compute(good);
            good.Truncate(0);
            stage.Append(good, Stage.Tokens(0, 20));
            good.Truncate(10);
            Assert.True(good.TryAppend([7], out _));
        }
    }
}
