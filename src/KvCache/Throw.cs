using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace KvCache;

/// <summary>Exceptions that name the argument, the value and what was expected, kept out of the hot paths.</summary>
internal static class Throw
{
    public static void IfLessThan(long value, long minimum, string paramName, string what)
    {
        if (value < minimum)
        {
            throw new ArgumentOutOfRangeException(paramName, value, $"{what} is {value}; expected at least {minimum}.");
        }
    }

    public static void IfNotIndex(int value, int count, [CallerArgumentExpression(nameof(value))] string? paramName = null)
    {
        if ((uint)value >= (uint)count)
        {
            NotIndex(value, count, paramName);
        }
    }

    public static void IfNotWithin(int value, int maximum, [CallerArgumentExpression(nameof(value))] string? paramName = null)
    {
        if ((uint)value > (uint)maximum)
        {
            NotWithin(value, maximum, paramName);
        }
    }

    [DoesNotReturn]
    public static void Disposed(object instance) => throw new ObjectDisposedException(instance.GetType().Name);

    [DoesNotReturn]
    public static void InvalidOperation(string message) => throw new InvalidOperationException(message);

    [DoesNotReturn]
    public static void Argument(string message, string paramName) => throw new ArgumentException(message, paramName);

    [DoesNotReturn]
    private static void NotIndex(int value, int count, string? paramName) => throw new ArgumentOutOfRangeException(
        paramName, value, $"{paramName} is {value}; expected 0 … {count - 1}.");

    [DoesNotReturn]
    private static void NotWithin(int value, int maximum, string? paramName) => throw new ArgumentOutOfRangeException(
        paramName, value, $"{paramName} is {value}; expected 0 … {maximum}.");
}
