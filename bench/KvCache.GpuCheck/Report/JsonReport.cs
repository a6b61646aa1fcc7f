using System.Text.Json;

namespace KvCache.GpuCheck.Report;

/// <summary>The report for programs: every table as an array of objects, numbers unrounded.</summary>
internal static class JsonReport
{
    public static void Write(CheckReport report, Stream stream)
    {
        using Utf8JsonWriter json = new(stream, new JsonWriterOptions { Indented = true, NewLine = "\n" });
        json.WriteStartObject();
        json.WriteString("device", report.Device);
        json.WriteStartObject("tables");
        foreach (CheckTable table in report.Tables)
        {
            json.WriteStartArray(table.Title);
            foreach (object[] row in table.Rows)
            {
                WriteRow(json, table, row);
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
        json.WriteStartArray("skipped");
        report.Skipped.ForEach(json.WriteStringValue);
        json.WriteEndArray();
        json.WriteStartArray("failures");
        report.Failures.ForEach(json.WriteStringValue);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteRow(Utf8JsonWriter json, CheckTable table, object[] row)
    {
        json.WriteStartObject();
        for (int column = 0; column < row.Length; column++)
        {
            json.WritePropertyName(table.Columns[column]);
            switch (row[column])
            {
                case double number when double.IsFinite(number):
                    json.WriteNumberValue(number);
                    break;
                case double:
                    json.WriteNullValue();
                    break;
                case int number:
                    json.WriteNumberValue(number);
                    break;
                case long number:
                    json.WriteNumberValue(number);
                    break;
                default:
                    json.WriteStringValue(row[column].ToString());
                    break;
            }
        }

        json.WriteEndObject();
    }
}
