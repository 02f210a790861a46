// Data as the command line names them.
#pragma once

#include <jensen/data/csv.h>
#include <jensen/data/mapped_file.h>
#include <jensen/model_file.h>

#include <memory>
#include <string>
#include <vector>

#include "arguments.h"

struct LoadedData {
  jensen::Table table;
  std::vector<std::string> label_names;  // see CsvTable
  double seconds = 0;

  // Of sequences: for each row of the table its row in the file, from 0; the sequences' names, none where there is one.
  std::vector<std::int64_t> file_rows;
  std::vector<std::string> sequence_names;

  // How the text was read, for who writes it again; no text where the data are an NPY file.
  std::shared_ptr<const jensen::MappedFile> text;
  jensen::CsvOptions reading;
  bool computed = false;                     // some columns are computed from those of the text
  std::vector<int> lags = {};                // columns that hold what they are lags of, until shift_lags()
  std::vector<jensen::Factor> factors = {};  // of which some covariates are indicators

  std::vector<std::string> columns() const;
};

bool is_npy(const std::string& path);

/// Data to fit. `states`: number of states that labels may name. `default_columns`: those to take where the user chose
/// none; empty means all.
LoadedData load_data(const DataArguments& arguments, int states, const std::vector<std::string>& default_columns = {});

/// Data to fit, their columns described by a schema as the user wrote it; where nothing was written, all columns that
/// are left are `default_kind`. What the schema holds already comes first, `gate` are further columns. On return the
/// schema names the levels of its columns, and indicators stand for covariates, in schema and gate, that hold words.
/// Those of an NPY file are called x1, x2, …, their categories 0, 1, ….
LoadedData load_table(const DataArguments& arguments, int states, const std::string& default_kind,
                      jensen::Schema& schema, std::vector<std::string>& gate);
LoadedData load_table(const DataArguments& arguments, int states, const std::string& default_kind,
                      jensen::Schema& schema);

/// Where rows come in groups, these are their sequences, in which the order does not matter.
DataArguments with_groups_as_sequences(DataArguments arguments);

/// Columns that a chain of states reads.
struct ChainColumns {
  std::vector<std::string> first = {};  ///< of the first row of a sequence
  std::vector<std::string> moves = {};  ///< of all others
};
/// Puts the rows of loaded data in order and cuts them into sequences. Their columns end in those of arguments.sequence
/// and arguments.order, where there are any, which go. Sequences come by their names in ascending order, as numbers
/// where all of them are, so that the order of the file does not matter. Throws DataError naming rows of the file where
/// a name or an order is missing, two rows of a sequence have the same order, or its weights differ.
/// Columns that a chain reads must be there in the rows where it reads them.
void cut_into_sequences(LoadedData& data, const DataArguments& arguments, const ChainColumns& read = {});

/// Columns "lag(y)" of data that are cut into sequences become lags (jensen/data/lags.h), the rows without one missing
/// responses. Throws DataError naming rows of the file.
void shift_lags(LoadedData& data, const jensen::Schema& schema, const std::vector<std::string>& gate,
                const std::string& file);
/// Throws Error where rows are independent, but a column is said to be a lag.
void refuse_lags(const LoadedData& data);

/// Data to which a model is applied: the columns of the model's names, in its order; those that the user names instead;
/// or, where the data have no names, all columns, which must be as many. Weights and labels where they are asked for;
/// labels must be called as the model's components are. A covariate "log(x)" that the data lack is the logarithm of x,
/// "x[word]" of a factor x the indicator of the word; another word than those of the fit is an error. For a model of
/// sequences they are cut into them: by the columns that the user names, else by those of the fit.
LoadedData load_data_for(const jensen::ModelFile& model, const DataArguments& arguments);
/// The same before shift_lags().
LoadedData load_rows_for(const jensen::ModelFile& model, const DataArguments& arguments);
/// Of rows that were not seen: these columns of the model, which must be there, cut into sequences before shift_lags().
/// Columns that say which sequence a row belongs to, and in which order, are those of the fit where the text has them.
LoadedData load_inputs_for(const jensen::ModelFile& model, const DataArguments& arguments,
                           const std::vector<std::string>& columns);
