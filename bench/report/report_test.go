package report_test

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"tend/bench/report"
)

func TestTable(t *testing.T) {
	var table report.Table
	table.Add("T1", "ours", report.Row{"CPU µs": 12.34, "wall s": 0.5})
	table.Add("T1", "other", report.Row{"CPU µs": 1234.5})
	table.Add("T2", "ours", report.Row{"wall s": 3})
	var md, svg strings.Builder
	if err := errors.Join(table.Markdown(&md, []string{"ours", "other"}), table.Picture(&svg, "ours", "other")); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| T1 | CPU µs | 12.3 | 1234 |", "| T1 | wall s | 0.50 | – |", "| T2 | wall s | 3.00 | – |"} {
		if !strings.Contains(md.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, md.String())
		}
	}
	if strings.Count(svg.String(), "T1, CPU µs") != 1 || strings.Contains(svg.String(), "wall s") {
		t.Errorf("the picture compares what both have, and nothing else:\n%s", svg.String())
	}
	for d := xml.NewDecoder(strings.NewReader(svg.String())); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("the picture is no XML: %v", err)
		}
	}
}
