using FsCheck;
using FsCheck.Xunit;
using KvCache.Blocks;
using Xunit;

namespace KvCache.Tests.Ledger;

public class LeastRecentlyUsedProperties
{
    private const int Ids = 300;

    /// <summary>Each number is one operation: its remainder by three says which, the rest on what.</summary>
    [Property(MaxTest = 60, StartSize = 100, EndSize = 6000, Replay = "20240601,99")]
    public void It_behaves_as_a_list(NonNegativeInt[] operations)
    {
        LeastRecentlyUsed subject = new();
        List<int> model = [];
        foreach (NonNegativeInt operation in operations)
        {
            (int pick, int kind) = Math.DivRem(operation.Get, 3);
            switch (kind)
            {
                case 0:
                    Add(subject, model, pick);
                    break;
                case 1 when model.Count > 0:
                    int removed = model[pick % model.Count];
                    subject.Remove(removed);
                    model.Remove(removed);
                    break;
                case 2:
                    Take(subject, model, pick % 4);
                    break;
                default:
                    break;
            }

            Assert.Equal(model.Count, subject.Count);
        }

        Assert.Equal(model, subject.ToArray());
        subject.CheckIntegrity(Assert.Fail);
    }

    private static void Add(LeastRecentlyUsed subject, List<int> model, int pick)
    {
        List<int> added = [];
        for (int i = 0; i < 1 + (pick % 5); i++)
        {
            int block = (pick + (i * 31)) % Ids;
            if (!model.Contains(block) && !added.Contains(block))
            {
                added.Add(block);
            }
        }

        subject.Add(added.ToArray());
        model.AddRange(added);
    }

    private static void Take(LeastRecentlyUsed subject, List<int> model, int count)
    {
        int[] taken = new int[Math.Min(count, model.Count)];
        subject.Take(taken);
        Assert.Equal(model.Take(taken.Length), taken);
        model.RemoveRange(0, taken.Length);
    }
}
