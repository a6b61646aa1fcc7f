using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using KvCache.Serving.Traces;
using Xunit;

namespace KvCache.Serving.Tests.Traces;

public sealed class BlockSizeGuessTests
{
    /// <summary>Whatever is guessed fits all requests; and a usual size is found as soon as there is a prompt of a few blocks.</summary>
    [Property]
    public Property WhatIsGuessedFits() => Prop.ForAll(
        Gen.Choose(1, 2000).ToArbitrary(),
        Gen.Choose(0, 100_000).NonEmptyListOf().ToArbitrary(),
        ArbMap.Default.ArbFor<bool>(),
        static (size, lengths, namesLast) =>
        {
            BlockSizeGuess guess = new();
            (int Tokens, int Ids)[] requests = [.. lengths.Select(length => (length, (length + (namesLast ? size - 1 : 0)) / size))];
            foreach ((int tokens, int ids) in requests)
            {
                guess.Add(tokens, ids);
            }

            int found = guess.Best;
            bool usual = int.IsPow2(size) && namesLast && lengths.Any(length => length >= 3 * size);
            return requests.All(request => request.Ids == request.Tokens / found || request.Ids == (request.Tokens + found - 1) / found)
                && (!usual || found == size);
        });

    [Theory]
    [InlineData(512, 6758, 14, 7322, 15)]
    [InlineData(16, 2358, 147, 1034, 64)]
    [InlineData(48, 4800, 100, 480, 10)]
    [InlineData(1, 5, 5, 0, 0)]
    public void Known_sizes_are_found(int expected, int firstTokens, int firstIds, int secondTokens, int secondIds)
    {
        BlockSizeGuess guess = new();
        guess.Add(firstTokens, firstIds);
        guess.Add(secondTokens, secondIds);
        Assert.Equal(expected, guess.Best);
    }
}
