using System.Globalization;
using System.Text;

namespace Replay.Footprints;

/// <summary>Footprints for programs: a row for each batch and manager.</summary>
internal static class FootprintCsv
{
    public static void Write(IEnumerable<Footprint> footprints, Stream stream)
    {
        using StreamWriter writer = new(stream, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
        writer.WriteLine("allocator,batch,running,free_bytes,used_bytes,token_bytes");
        foreach (Footprint footprint in footprints)
        {
            writer.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{footprint.Manager},{footprint.Batch},{footprint.Open},{footprint.FreeBytes},{footprint.UsedBytes},{footprint.TokenBytes}"));
        }
    }
}
