using System.Text;
using Generate.Tokenizers;

namespace Generate.Tests.Tokenizers;

/// <summary>Pair merging as the papers and the small reference programs do it: again and again the best pair of all, the first of equal ones.</summary>
internal static class ReferencePairs
{
    /// <summary>Characters of " text" become tokens or bytes; then the two neighbours whose union has the highest score are merged.</summary>
    public static int[] EncodeByScore(Vocabulary vocabulary, string text)
    {
        Dictionary<string, int> ids = Ids(vocabulary);
        List<int> tokens = [];
        foreach (Rune rune in ('▁' + text.Replace(' ', '▁')).EnumerateRunes())
        {
            tokens.AddRange(ids.TryGetValue(rune.ToString(), out int id)
                ? [id]
                : Encoding.UTF8.GetBytes(rune.ToString()).Select(value => ids[$"<0x{value:X2}>"]));
        }

        return Merge(tokens, (left, right) =>
            ids.TryGetValue(vocabulary.Tokens[left] + vocabulary.Tokens[right], out int id) ? (vocabulary.Scores[id], id) : null);
    }

    /// <summary>The bytes of a word, as characters, become tokens; then the pair that comes first among the merges is merged.</summary>
    public static int[] EncodeByRank(Vocabulary vocabulary, string word)
    {
        Dictionary<string, int> ids = Ids(vocabulary);
        Dictionary<string, int> ranks = vocabulary.Merges.Index().ToDictionary(merge => merge.Item, merge => merge.Index);
        IEnumerable<int> tokens = Encoding.UTF8.GetBytes(word).Select(value => ids[ByteCharacters.ToCharacter(value).ToString()]);
        return Merge([.. tokens], (left, right) =>
            ranks.TryGetValue($"{vocabulary.Tokens[left]} {vocabulary.Tokens[right]}", out int rank)
                ? (-rank, ids[vocabulary.Tokens[left] + vocabulary.Tokens[right]])
                : null);
    }

    private static int[] Merge(List<int> tokens, Func<int, int, (float Score, int Token)?> union)
    {
        while (true)
        {
            float best = float.NegativeInfinity;
            int at = -1;
            int merged = -1;
            for (int i = 0; i + 1 < tokens.Count; i++)
            {
                if (union(tokens[i], tokens[i + 1]) is (float score, int token) && score > best)
                {
                    (best, at, merged) = (score, i, token);
                }
            }

            if (at < 0)
            {
                return [.. tokens];
            }

            tokens[at] = merged;
            tokens.RemoveAt(at + 1);
        }
    }

    private static Dictionary<string, int> Ids(Vocabulary vocabulary) =>
        vocabulary.Tokens.Index().ToDictionary(token => token.Item, token => token.Index);
}
