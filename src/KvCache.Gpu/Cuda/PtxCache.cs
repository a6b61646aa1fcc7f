using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using ILGPU;
using ILGPU.Algorithms;

namespace KvCache.Gpu.Cuda;

/// <summary>The text of compiled kernels, kept in files for later processes.</summary>
/// <remarks>A file's name says all that its text follows from, and its first line what the text's hash is. It is written beside its place and
/// then moved there, so that nobody sees half of one: any number of processes may share a folder. What goes wrong with files is no error, only a
/// kernel compiled again. Any thread.</remarks>
internal sealed class PtxCache(string? folder)
{
    private const string Format = "kvcache-ptx 1";
    private const int LongestFile = 1 << 24;
    private static readonly TimeSpan Abandoned = TimeSpan.FromHours(1);

    /// <summary>Gets how many texts were compiled rather than read.</summary>
    public int Compiled { get; private set; }

    /// <summary>The text of a variant.</summary>
    public string Get(TensorVariant variant)
    {
        string? file = folder is null ? null : Path.Combine(folder, FileOf(variant));
        if (file is not null && TryRead(file, out string text))
        {
            return text;
        }

        text = TensorCompiler.Compile(variant);
        Compiled++;
        if (file is not null)
        {
            TryWrite(file, text);
        }

        return text;
    }

    /// <summary>The name of a variant's file: the kernel, and a hash of whatever its text follows from.</summary>
    public static string FileOf(TensorVariant variant)
    {
        Type[] sources = [typeof(TensorCompiler), typeof(Context), typeof(XMath), typeof(object)];
        string all = string.Join('\n', [
            Format, variant.Name, $"{TensorCompiler.Architecture} {TensorCompiler.InstructionSet}",
            .. sources.Select(static source => source.Module.ModuleVersionId.ToString())]);
        return $"{variant.Name}-{Hash(Encoding.UTF8.GetBytes(all))[..32]}.ptx";
    }

    private static string Hash(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private static byte[] HeaderOf(ReadOnlySpan<byte> text) => Encoding.UTF8.GetBytes($"// {Format} {Hash(text)}\n");

    private static bool TryRead(string file, out string text)
    {
        text = "";
        try
        {
            using FileStream stream = new(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (stream.Length > LongestFile)
            {
                return false;
            }

            byte[] bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            int end = Array.IndexOf(bytes, (byte)'\n') + 1;
            ReadOnlySpan<byte> contents = bytes.AsSpan(end);
            text = Encoding.UTF8.GetString(contents);
            return bytes.AsSpan(0, end).SequenceEqual(HeaderOf(contents));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static void TryWrite(string file, string text)
    {
        string folder = Path.GetDirectoryName(file)!;
        string fresh = string.Create(CultureInfo.InvariantCulture, $"{file}.{Guid.NewGuid():N}.tmp");
        try
        {
            CreateFolder(folder);
            DeleteAbandoned(folder);
            byte[] contents = Encoding.UTF8.GetBytes(text);
            using (FileStream stream = new(fresh, FileMode.CreateNew, FileAccess.Write))
            {
                stream.Write(HeaderOf(contents));
                stream.Write(contents);
            }

            File.Move(fresh, file, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            TryDelete(fresh);
        }
    }

    private static void CreateFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    /// <summary>Deletes what processes have left that ended while they wrote.</summary>
    private static void DeleteAbandoned(string folder)
    {
        DateTime latest = (TimeProvider.System.GetUtcNow() - Abandoned).UtcDateTime;
        foreach (string left in Directory.EnumerateFiles(folder, "*.ptx.*.tmp"))
        {
            if (File.GetLastWriteTimeUtc(left) < latest)
            {
                TryDelete(left);
            }
        }
    }

    private static void TryDelete(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
        }
    }
}
