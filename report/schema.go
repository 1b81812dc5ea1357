package report

import (
	"encoding/json"
	"io"
	"reflect"
	"strings"

	"psyncope/correlate/diagnosis"
)

// Schema writes the JSON Schema (2020-12) of what --format json writes, made from the very types. Fields may be added under one schema name,
// so that it allows more than it names.
func Schema(w io.Writer) error {
	s := schemaTypes{defs: map[string]any{}}
	root := s.of(reflect.TypeFor[diagnosis.Diagnosis]())
	out := map[string]any{
		"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "https://psyncope.invalid/" + diagnosis.Schema,
		"title":       diagnosis.Schema,
		"description": "A report of psyncope. Times are RFC 3339, UTC, on the clock of the group's first primary; sizes are bytes, durations seconds. Null is what no evidence says.",
		"$defs":       s.defs,
	}
	for k, v := range root {
		out[k] = v
	}
	b, err := json.MarshalIndent(out, "", " ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(b, '\n'))
	return err
}

// schemaTypes gathers the definitions of the structs that a report is made of.
type schemaTypes struct{ defs map[string]any }

func (s *schemaTypes) of(t reflect.Type) map[string]any {
	switch {
	case t == reflect.TypeFor[diagnosis.Stamp]():
		return map[string]any{"type": "string", "format": "date-time"}
	case t.Kind() == reflect.Pointer:
		return map[string]any{"anyOf": []any{s.of(t.Elem()), map[string]any{"type": "null"}}}
	}
	switch t.Kind() {
	case reflect.Struct:
		if _, ok := s.defs[t.Name()]; !ok {
			s.defs[t.Name()] = nil // while its fields are looked at
			s.defs[t.Name()] = s.fields(t)
		}
		return map[string]any{"$ref": "#/$defs/" + t.Name()}
	case reflect.Slice:
		return map[string]any{"type": "array", "items": s.of(t.Elem())}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int, reflect.Int32, reflect.Int64:
		return map[string]any{"type": "integer"}
	case reflect.Float64:
		return map[string]any{"type": "number"}
	default:
		return map[string]any{"type": "string"}
	}
}

func (s *schemaTypes) fields(t reflect.Type) map[string]any {
	properties, required := map[string]any{}, []string{}
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		properties[name] = s.of(t.Field(i).Type)
		required = append(required, name)
	}
	return map[string]any{"type": "object", "properties": properties, "required": required}
}
