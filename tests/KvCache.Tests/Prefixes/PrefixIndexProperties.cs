using FsCheck;
using FsCheck.Xunit;
using KvCache.Prefixes;

namespace KvCache.Tests.Prefixes;

public class PrefixIndexProperties
{
    [Property(MaxTest = 60, StartSize = 100, EndSize = 1500, Replay = "20240603,99")]
    public void With_a_keyed_hash(NonNegativeInt[] script, bool keepCopies) => Run(script, new KeyedPrefixHash(7), keepCopies);

    [Property(MaxTest = 60, StartSize = 100, EndSize = 1500, Replay = "20240604,99")]
    public void With_a_hash_that_says_the_same_of_everything(NonNegativeInt[] script, bool keepCopies) =>
        Run(script, new ConstantHash(), keepCopies);

    private static void Run(NonNegativeInt[] script, PrefixHash hash, bool keepCopies)
    {
        using PrefixIndexModel model = new(hash, keepCopies);
        for (int i = 0; i < script.Length; i++)
        {
            Random random = new(script[i].Get);
            switch (random.Next(8))
            {
                case < 3:
                    model.Publish(random);
                    break;
                case < 5:
                    model.Forget(random);
                    break;
                default:
                    model.Match(random);
                    break;
            }

            if (i % 50 == 0)
            {
                model.Check();
            }
        }

        model.Check();
    }
}
