package config

import (
	"errors"
	"reflect"
	"strconv"
	"strings"

	"github.com/kelseyhightower/envconfig"
)

// Variable is one row of the table of variables, for --help and the docs.
type Variable struct {
	Name    string
	Default string // empty for none
	Help    string
}

// Variables are all variables, in the order in which people set them.
func Variables() []Variable {
	var vs []Variable
	for f := range fields() {
		vs = append(vs, Variable{f.Tag.Get("envconfig"), f.Tag.Get("default"), f.Tag.Get("desc")})
	}
	return vs
}

// fields gives the fields of Config that are variables.
func fields() func(yield func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		t := reflect.TypeFor[Config]()
		for i := range t.NumField() {
			if f := t.Field(i); f.IsExported() && !yield(f) {
				return
			}
		}
	}
}

// read fills the fields and says which values could not be converted.
func (c *Config) read(lookup func(string) (string, bool)) Problems {
	var ps Problems
	for f := range fields() {
		name := f.Tag.Get("envconfig")
		value, _ := lookup(name)
		if value = strings.TrimSpace(value); value == "" {
			value = f.Tag.Get("default")
		}
		field := reflect.ValueOf(c).Elem().FieldByIndex(f.Index)
		if err := convert(value, f, field); err != nil {
			ps = ps.add(name, value, reason(err))
		}
	}
	return ps
}

// convert lets envconfig turn a value into the field's type.
//
// envconfig.Process knows only the environment of the process and stops at the
// first wrong value. Here the environment is a parameter and every problem is
// wanted, so each field goes through Process alone, in a struct of one field,
// with the value as its default. No environment variable can have the name
// noVariable, hence the default is always what is taken.
func convert(value string, f reflect.StructField, to reflect.Value) error {
	const noVariable = "="
	f.Tag = reflect.StructTag(`envconfig:"` + noVariable + `" default:` + strconv.Quote(value))
	f.Index, f.Offset = nil, 0
	one := reflect.New(reflect.StructOf([]reflect.StructField{f}))
	if err := envconfig.Process("", one.Interface()); err != nil {
		return err
	}
	to.Set(one.Elem().Field(0))
	return nil
}

// reason is what a person needs of an error of envconfig.
func reason(err error) string {
	var parse *envconfig.ParseError
	if !errors.As(err, &parse) {
		return err.Error()
	}
	if parse.TypeName == "bool" {
		return "want true or false"
	}
	if parse.TypeName == "slog.Level" {
		return "want debug, info, warn or error"
	}
	return parse.Err.Error()
}
