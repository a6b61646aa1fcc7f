using KvCache.Blocks;
using KvCache.Memory;

namespace KvCache.Virtual;

/// <summary>What begins and ends with a step: groups and slots given back wait for the fences of the steps that had begun.</summary>
/// <remarks>Owner thread; a step costs O(1) besides what it lets go of, and allocates nothing.</remarks>
internal sealed class StepBooks(IVirtualMemory memory, RetiredBlocks groups, RetiredBlocks slots, Lookahead ahead)
{
    public void Begin()
    {
        Collect();
        groups.BeginStep();
        slots.BeginStep();
    }

    /// <param name="fence">What the step's work ends with; null for all work so far.</param>
    public void End(KvFence? fence)
    {
        KvFence end = fence ?? memory.RecordFence();
        groups.EndStep(end);
        slots.EndStep(end);
        Collect();
    }

    /// <summary>Lets go of what has no step to wait for any more, and writes down what was mapped ahead.</summary>
    public void Collect()
    {
        ahead.Collect();
        if (groups.Count > 0)
        {
            groups.Collect();
        }

        if (slots.Count > 0)
        {
            slots.Collect();
        }
    }
}
